import type { TrialDetail } from "../../server/api-trial.ts";
import { type Line, LineChart } from "../charts/line-chart.tsx";
import { familyColour, palette } from "../charts/palette.ts";
import { readable } from "../data/colour.ts";
import { numberText, unitText } from "../data/format.ts";
import { useDetails } from "../state/details.ts";
import { hrefOf } from "../state/route.ts";
import { selection } from "../state/selection.ts";
import { shownQuantities, study } from "../state/study.ts";
import { StatusBadge } from "../ui/badge.tsx";
import { Empty } from "../ui/empty.tsx";
import { Icon } from "../ui/icons.tsx";
import { MethodSymbol } from "../ui/symbol.tsx";
import { Term } from "../ui/term.tsx";
import { flatten } from "./config-tree.tsx";

/** What tells trials apart by place where several are of one method. */
const hues = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A3300", "#6F6F7A"];

/** Trials side by side: their curves over each other, their numbers, and where their configurations differ. */
export function CompareView() {
  const ids = selection.value;
  const details = useDetails(ids);
  const name = study.value?.name ?? "";
  if (ids.length < 2)
    return (
      <Empty title="Pick at least two trials">
        In <a href={hrefOf(name, "runs")}>the runs</a>, tick the boxes or press <kbd>x</kbd> on a line.
      </Empty>
    );
  const families = details.map(({ summary }) => summary.family);
  const areDistinct = new Set(families).size === families.length;
  const colour = (i: number) =>
    areDistinct
      ? familyColour(families[i] ?? "", palette.value)
      : readable(hues[i % hues.length] ?? "#888888", palette.value.background, 2.4);
  const nameOf = ({ summary }: TrialDetail) => `${summary.label}, seed ${summary.seed}`;
  const lines = (of: (detail: TrialDetail) => readonly number[]): Line[] =>
    details.flatMap((detail, i) =>
      detail.curve.epochs.length > 1
        ? [{ name: nameOf(detail), colour: colour(i), x: detail.curve.epochs, y: of(detail) }]
        : [],
    );
  const withCurves = details.filter(({ curve }) => curve.epochs.length > 1).length;
  return (
    <div class="compare-view">
      <header class="trial-head">
        <a
          class="button quiet icon-only"
          href={hrefOf(name, "runs", { query: new URLSearchParams({ pick: ids.join(",") }) })}
          aria-label="Back to the runs"
        >
          <Icon name="back" />
        </a>
        <h2>{details.length} trials side by side</h2>
      </header>
      {withCurves > 0 && (
        <section class="card">
          <header>
            <h3>Training</h3>
            <ul class="line-names">
              {details.map((detail, i) => (
                <li key={detail.summary.id}>
                  <MethodSymbol family={detail.summary.family} colour={colour(i)} /> {nameOf(detail)}
                </li>
              ))}
            </ul>
          </header>
          <div class="two">
            <LineChart title="Loss (nats)" xTitle="epoch" height={260} lines={lines(({ curve }) => curve.loss)} />
            <LineChart
              title="Accuracy (%)"
              xTitle="epoch"
              height={260}
              lines={lines(({ curve }) => curve.accuracy.map((value) => 100 * value))}
            />
          </div>
        </section>
      )}
      {withCurves < details.length && (
        <p class="caption">
          {details.length - withCurves} of these have no training curve: they took their models from earlier trials, or
          ended before curves were recorded.
        </p>
      )}
      <section class="card table-card">
        <div class="scroll-x">
          <table class="compare-table">
            <thead>
              <tr>
                <td />
                {details.map((detail, i) => (
                  <th key={detail.summary.id} scope="col">
                    <a href={hrefOf(name, "trial", { trial: detail.summary.id })}>
                      <MethodSymbol family={detail.summary.family} colour={colour(i)} /> {detail.summary.label}
                    </a>
                    <div class="soft">seed {detail.summary.seed}</div>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              <tr>
                <th scope="row">Status</th>
                {details.map(({ summary }) => (
                  <td key={summary.id}>
                    <StatusBadge status={summary.status} stage={summary.progress?.stage} />
                  </td>
                ))}
              </tr>
              {shownQuantities.value.map(({ id, short, unit }) => (
                <tr key={id}>
                  <th scope="row">
                    <Term id={id}>{short}</Term> <span class="soft">{unitText[unit]}</span>
                  </th>
                  {details.map(({ summary }) => (
                    <td key={summary.id}>{numberText(summary.numbers[id], unit)}</td>
                  ))}
                </tr>
              ))}
              <tr class="divider">
                <th scope="row">Configuration</th>
                <td colSpan={details.length} class="soft">
                  only what differs
                </td>
              </tr>
              {differences(details).map(([path, values]) => (
                <tr key={path}>
                  <th scope="row">{path}</th>
                  {values.map((value, i) => (
                    <td key={details[i]?.summary.id}>{value ?? "–"}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </div>
  );
}

/** The parts of the configurations that are not the same in all. */
function differences(details: readonly TrialDetail[]): [path: string, values: (string | undefined)[]][] {
  const flat = details.map(({ config }) => new Map(flatten(config)));
  const paths = [...new Set(flat.flatMap((each) => [...each.keys()]))];
  return paths
    .map((path): [string, (string | undefined)[]] => [path, flat.map((each) => each.get(path))])
    .filter(([, values]) => new Set(values).size > 1);
}
