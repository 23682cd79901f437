import { bytesText, clockText } from "../data/format.ts";
import { useDetail } from "../state/details.ts";
import { hrefOf } from "../state/route.ts";
import { ask, report, saveFile } from "../state/server.ts";
import { connection, trialPath } from "../state/study.ts";
import { StatusBadge } from "../ui/badge.tsx";
import { Empty } from "../ui/empty.tsx";
import { Icon } from "../ui/icons.tsx";
import { MethodSymbol } from "../ui/symbol.tsx";
import { ConfigTree } from "./config-tree.tsx";
import { HealthChecks } from "./health-checks.tsx";
import { PicturesCard } from "./pictures.tsx";
import { Curves, Live, Method, Numbers } from "./trial-cards.tsx";
import { Siblings, TrialActions } from "./trial-head.tsx";

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
            {setting.title} · {setting.attack} · {setting.protocol} · seed {summary.seed} · <code>{summary.id}</code>
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
                        await (await ask(`${trialPath(summary.id)}/checkpoint`)).blob(),
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
              <p class="soft">
                {summary.status === "waiting"
                  ? "The log begins when the trial does."
                  : "Nothing was kept of how this trial went."}
              </p>
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
