import { useState } from "preact/hooks";
import type { TrialDetail } from "../../server/api.ts";
import { LineChart } from "../charts/line-chart.tsx";
import { familyColour, palette } from "../charts/palette.ts";
import { bytesText, clockText, durationText, numberText, unitText } from "../data/format.ts";
import { useDetail } from "../state/details.ts";
import { hrefOf } from "../state/route.ts";
import { ask, post, report, saveFile } from "../state/server.ts";
import { connection, hello, methodByKind, shownQuantities, study, trials } from "../state/study.ts";
import { Bar, HealthBadge, StatusBadge } from "../ui/badge.tsx";
import { Empty } from "../ui/empty.tsx";
import { Icon } from "../ui/icons.tsx";
import { MethodSymbol } from "../ui/symbol.tsx";
import { Term } from "../ui/term.tsx";
import { ConfigTree } from "./config-tree.tsx";
import { HealthChecks } from "./health-checks.tsx";
import { PicturesCard } from "./pictures.tsx";

/** One trial: what it is, how it went, what came out, and how to look at it. */
export function TrialView({ id }: { readonly id: string | undefined }) {
  const { detail, problem, again } = useDetail(id);
  if (problem && !detail && connection.value === "lost")
    return <Empty title="The server is gone">This trial is shown as soon as it is back.</Empty>;
  if (problem && !detail) return <Empty title="This trial is not here">{problem}</Empty>;
  if (!detail) return <p class="loading">Loading the trial…</p>;
  const { summary, setting, config, row, failure, curve, log, checkpoint } = detail;
  return (
    <div class="trial-view">
      <header class="trial-head">
        <a
          class="button quiet icon-only"
          href={hrefOf(detail.study, "runs")}
          aria-label="Back to the runs"
          title="Back to the runs"
        >
          <Icon name="back" />
        </a>
        <div>
          <h2>
            <MethodSymbol family={summary.family} size={17} /> {summary.label}
          </h2>
          <p class="soft">
            {setting.title} · seed {summary.seed} · <code>{summary.id}</code>
          </p>
        </div>
        <StatusBadge status={summary.status} stage={summary.progress?.stage} />
        <TrialActions detail={detail} done={again} />
      </header>
      <Siblings detail={detail} />
      {failure && (
        <section class="card failure" role="alert">
          <h3>
            Failed{failure.attempts > 1 ? ` ${failure.attempts} times` : ""}: {failure.message}
          </h3>
          {failure.detail && <pre>{failure.detail}</pre>}
          <p class="soft">The next run of the study tries it again.</p>
        </section>
      )}
      {summary.progress && <Live detail={detail} />}
      {row && <Numbers detail={detail} />}
      <div class="columns">
        <div>
          <Curves detail={detail} hasCurve={curve.epochs.length > 1} />
          <PicturesCard detail={detail} changed={again} />
          {row && <HealthChecks row={row} />}
          {row && (
            <section class="card">
              <header>
                <h3>Made by</h3>
                {checkpoint?.bytes !== undefined && !report && (
                  <button
                    type="button"
                    class="quiet"
                    onClick={async () =>
                      saveFile(
                        `${summary.id}.safetensors`,
                        await (await ask(`/api/trials/${summary.id}/checkpoint`)).blob(),
                      )
                    }
                  >
                    <Icon name="download" /> Checkpoint, {bytesText(checkpoint.bytes)}
                  </button>
                )}
              </header>
              <ConfigTree
                value={{
                  ...(row.environment as object),
                  finished: summary.finishedAt,
                  checkpoint: checkpoint?.digest,
                  features:
                    (row.featuresDigest as { before: string; after: string }).before ===
                    (row.featuresDigest as { after: string }).after
                      ? "frozen: the same digest before and after"
                      : "changed while the head was fitted",
                }}
              />
            </section>
          )}
          <section class="card">
            <header>
              <h3>Log</h3>
            </header>
            {log.length === 0 ? (
              <p class="soft">Kept while the run goes; this trial was finished before the server began.</p>
            ) : (
              <ol class="log">
                {log.map(({ at, text }) => (
                  <li key={`${at} ${text}`}>
                    <time>{clockText(at)}</time> {text}
                  </li>
                ))}
              </ol>
            )}
          </section>
        </div>
        <div>
          <Method detail={detail} />
          <section class="card">
            <header>
              <h3>Configuration</h3>
              <button
                type="button"
                class="quiet"
                onClick={() =>
                  saveFile(`${summary.id}.json`, `${JSON.stringify(row ?? config, undefined, 2)}\n`, "application/json")
                }
              >
                <Icon name="download" /> JSON
              </button>
            </header>
            <ConfigTree value={config} />
          </section>
        </div>
      </div>
    </div>
  );
}

function TrialActions({ detail: { summary }, done }: { readonly detail: TrialDetail; readonly done: () => void }) {
  const offered = hello.value?.actions ?? [];
  const authorised = hello.value?.authorised ?? false;
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const act = async (action: "cancel" | "retry") => {
    setProblem(undefined);
    try {
      await post(`/api/trials/${summary.id}/${action}`);
      done();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  if (!authorised) return null;
  return (
    <div class="row">
      {offered.includes("cancel") && (summary.status === "running" || summary.status === "waiting") && (
        <button type="button" onClick={() => void act("cancel")}>
          <Icon name="stop" /> Cancel
        </button>
      )}
      {offered.includes("retry") && (summary.status === "failed" || summary.status === "cancelled") && (
        <button type="button" onClick={() => void act("retry")}>
          <Icon name="retry" /> Try again
        </button>
      )}
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

/** The same method and setting at other seeds. */
function Siblings({ detail: { summary } }: { readonly detail: TrialDetail }) {
  const kin = trials.value.filter(({ label, setting }) => label === summary.label && setting === summary.setting);
  if (kin.length < 2) return null;
  const name = study.value?.name ?? "";
  return (
    <nav class="siblings" aria-label="Other seeds">
      {kin.map(({ id, seed }) => (
        <a key={id} href={hrefOf(name, "trial", { trial: id })} aria-current={id === summary.id ? "page" : undefined}>
          seed {seed}
        </a>
      ))}
      <a
        href={hrefOf(name, "compare", {
          query: new URLSearchParams({
            pick: kin
              .slice(0, 8)
              .map(({ id }) => id)
              .join(","),
          }),
        })}
      >
        compare them
      </a>
    </nav>
  );
}

const stages = ["data", "train", "evaluate", "attack", "health", "transfer"];

function Live({ detail: { summary } }: { readonly detail: TrialDetail }) {
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

function Numbers({ detail: { summary, row } }: { readonly detail: TrialDetail }) {
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

function Curves({
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

function Method({ detail: { summary } }: { readonly detail: TrialDetail }) {
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
