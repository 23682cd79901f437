import type { TrialDetail } from "../../server/api-trial.ts";
import { LineChart } from "../charts/line-chart.tsx";
import { familyColour, palette } from "../charts/palette.ts";
import { durationText, numberText, unitText } from "../data/format.ts";
import { methodByKind, shownQuantities, trials } from "../state/study.ts";
import { Bar, HealthBadge } from "../ui/badge.tsx";
import { Term } from "../ui/term.tsx";
import { ConfigTree } from "./config-tree.tsx";

const stages = ["data", "train", "evaluate", "attack", "health", "transfer"];

export function Live({ detail: { summary } }: { readonly detail: TrialDetail }) {
  const { progress } = trials.value.find(({ id }) => id === summary.id) ?? summary;
  if (!progress) return null;
  const at = stages.indexOf(progress.stage);
  return (
    <section class="card live" aria-label="Progress">
      <ol class="stages">
        {stages.map((stage, i) => (
          <li key={stage} class={i < at ? "past" : i === at ? "now" : ""} aria-current={i === at ? "step" : undefined}>
            {stage}
          </li>
        ))}
      </ol>
      <Bar share={progress.share} label={`${progress.stage} of ${summary.label}`} />
      <p class="soft figures">
        {progress.epoch !== undefined && (
          <span>
            epoch {progress.epoch} of {progress.epochs}
          </span>
        )}
        {progress.loss !== undefined && <span>loss {progress.loss.toFixed(3)}</span>}
        {progress.accuracy !== undefined && <span>batch accuracy {(100 * progress.accuracy).toFixed(1)} %</span>}
        {progress.imagesPerSecond !== undefined && (
          <span>{Math.round(progress.imagesPerSecond).toLocaleString("en")} images/s</span>
        )}
        {progress.secondsLeft !== undefined && <span>{durationText(progress.secondsLeft)} left of training</span>}
        {progress.worker && <span>{progress.worker}</span>}
        {progress.attempt > 1 && <span>attempt {progress.attempt}</span>}
      </p>
    </section>
  );
}

const shownFirst = ["dt", "robust", "source", "target", "tau", "targetRobust"];

export function Numbers({ detail: { summary, row } }: { readonly detail: TrialDetail }) {
  const seconds = row?.seconds as Readonly<Record<string, number>> | undefined;
  /** What took how long, the longest first. */
  const stages = Object.entries(seconds ?? {})
    .sort(([, a], [, b]) => b - a)
    .map(([stage, each]) => `${stage} ${durationText(each)}`);
  return (
    <section class="numbers" aria-label="Results">
      {shownQuantities.value
        .filter(({ id }) => shownFirst.includes(id))
        .map(({ id, short, unit }) => (
          <div class="number-card" key={id}>
            <Term id={id}>{short}</Term>
            <b>
              {numberText(summary.numbers[id], unit)} <small>{unitText[unit]}</small>
            </b>
            {id === "robust" && <HealthBadge health={summary.health} />}
            {id === "source" && summary.collapsed && <span class="warn">collapsed</span>}
          </div>
        ))}
      {seconds && (
        <div class="number-card">
          <span>Time</span>
          <b>{durationText(summary.seconds)}</b>
          <span class="soft small" title={stages.join(" · ")}>
            {stages[0]}
          </span>
        </div>
      )}
    </section>
  );
}

export function Curves({
  detail: { curve, summary },
  hasCurve,
}: {
  readonly detail: TrialDetail;
  readonly hasCurve: boolean;
}) {
  const colour = familyColour(summary.family, palette.value);
  return (
    <section class="card">
      <header>
        <h3>Training</h3>
        <p class="soft">Cross-entropy and accuracy on training batches, as the model sees them.</p>
      </header>
      {hasCurve ? (
        <div class="two">
          <LineChart
            title="Loss (nats)"
            xTitle="epoch"
            lines={[{ name: "loss", colour, x: curve.epochs, y: curve.loss }]}
          />
          <LineChart
            title="Accuracy (%)"
            xTitle="epoch"
            lines={[{ name: "accuracy", colour, x: curve.epochs, y: curve.accuracy.map((value) => 100 * value) }]}
          />
        </div>
      ) : (
        <p class="soft">
          {summary.status === "waiting"
            ? "The curves begin when the trial does."
            : summary.status === "running"
              ? "The curves begin with the first steps."
              : "No curve was recorded: the trial took its model from an earlier one, or was finished before the server began."}
        </p>
      )}
    </section>
  );
}

export function Method({ detail: { summary } }: { readonly detail: TrialDetail }) {
  const methods = summary.methods.length > 0 ? summary.methods : [{ kind: "vanilla", strength: 0 }];
  return (
    <section class="card">
      <header>
        <h3>Method</h3>
      </header>
      {methods.map(({ kind, strength, options }) => {
        const look = methodByKind.value.get(kind);
        return (
          <div class="method-about" key={kind}>
            <p>
              <b>{look?.label ?? kind}</b>
              {kind !== "vanilla" && (
                <>
                  {" "}
                  at strength <b>{strength}</b> <span class="soft">({look?.unit})</span>
                </>
              )}
            </p>
            {look && <p class="formula">{look.formula}</p>}
            {options && <ConfigTree value={options} />}
            {look?.remarks && <p class="soft">{look.remarks}</p>}
            {look && <p class="soft small">{look.citation}</p>}
          </div>
        );
      })}
    </section>
  );
}
