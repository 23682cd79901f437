import { useEffect, useState } from "preact/hooks";
import type { WorkerState } from "../../server/api.ts";
import { clockText, durationText, plural, roughDuration } from "../data/format.ts";
import { hrefOf } from "../state/route.ts";
import { post, report } from "../state/server.ts";
import { counts, hello, run, study, trialById, trials } from "../state/study.ts";
import { Bar } from "../ui/badge.tsx";
import { Empty } from "../ui/empty.tsx";
import { Icon } from "../ui/icons.tsx";
import { MethodName } from "../ui/symbol.tsx";

/** Who works on what, how fast, and how long it will take. */
export function QueueView() {
  const now = useNow();
  const name = study.value?.name ?? "";
  const { all, done, failed, running } = counts.value;
  const waiting = trials.value.filter(({ status }) => status === "waiting");
  const failures = trials.value.filter(({ status }) => status === "failed");
  const current = run.value;
  const isOver = !current || current.state === "over";
  return (
    <div class="queue-view">
      <section class="numbers" aria-label="Progress of the run">
        <Figure label="Done" value={`${done}`} of={`of ${all}`} />
        <Figure label="Running" value={`${running}`} />
        <Figure label="Waiting" value={`${waiting.length}`} />
        <Figure label="Failed" value={`${failed}`} bad={failed > 0} />
        <Figure
          label="Images a second"
          value={isOver ? "–" : Math.round(current.imagesPerSecond).toLocaleString("en")}
          of="in training"
        />
        <Figure
          label="Time left"
          value={isOver || current.secondsLeft === undefined ? "–" : roughDuration(current.secondsLeft)}
        />
      </section>
      {current && <RunActions state={current.state} />}
      <section class="card table-card">
        <header>
          <h3>Workers</h3>
          {current && (
            <p class="soft">
              {isOver ? "The run is over." : `Running for ${durationText((now - current.startedAt) / 1000)}`}
            </p>
          )}
        </header>
        {isOver || current.workers.length === 0 ? (
          <Empty title={done === all ? "Everything is done" : "Nobody works on this study"}>
            {done < all && !report && (
              <>
                Go on with <code>carryover run {name}</code>
              </>
            )}
          </Empty>
        ) : (
          <div class="workers">
            {current.workers.map((worker) => (
              <WorkerLine key={worker.id} worker={worker} now={now} />
            ))}
          </div>
        )}
      </section>
      {failures.length > 0 && (
        <section class="card">
          <header>
            <h3>Failed</h3>
          </header>
          <ul class="plain">
            {failures.map(({ id, label, family, seed, failure }) => (
              <li key={id}>
                <a href={hrefOf(name, "trial", { trial: id })}>
                  <MethodName family={family} label={`${label}, seed ${seed}`} />
                </a>
                <span class="problem">{failure}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {waiting.length > 0 && (
        <section class="card">
          <header>
            <h3>Next</h3>
            <p class="soft">{plural(waiting.length, "trial")} waiting, in this order</p>
          </header>
          <ol class="plain next">
            {waiting.slice(0, 12).map(({ id, label, family, seed }) => (
              <li key={id}>
                <a href={hrefOf(name, "trial", { trial: id })}>
                  <MethodName family={family} label={`${label}, seed ${seed}`} />
                </a>
              </li>
            ))}
            {waiting.length > 12 && <li class="soft">and {waiting.length - 12} more</li>}
          </ol>
        </section>
      )}
    </div>
  );
}

function Figure({
  label,
  value,
  of,
  bad = false,
}: {
  readonly label: string;
  readonly value: string;
  readonly of?: string;
  readonly bad?: boolean;
}) {
  return (
    <div class="number-card">
      <span>{label}</span>
      <b class={bad ? "problem" : ""}>
        {value} {of && <small>{of}</small>}
      </b>
    </div>
  );
}

function WorkerLine({ worker, now }: { readonly worker: WorkerState; readonly now: number }) {
  const trial = worker.trial === undefined ? undefined : trialById.value.get(worker.trial);
  const progress = trial?.progress;
  return (
    <div class="worker">
      <div>
        <b>{worker.id}</b>
        <span class="soft small">
          {" "}
          {worker.seenAt === undefined
            ? `since ${clockText(worker.since)}`
            : `seen ${durationText((now - worker.seenAt) / 1000)} ago`}
        </span>
      </div>
      {trial ? (
        <a href={hrefOf(study.value?.name ?? "", "trial", { trial: trial.id })}>
          <MethodName family={trial.family} label={`${trial.label}, seed ${trial.seed}`} />
        </a>
      ) : (
        <span class="soft">waits for a trial</span>
      )}
      <div class="worker-progress">
        {progress && (
          <>
            <Bar share={progress.share} label={progress.stage} />
            <span class="soft small">
              {progress.stage}
              {progress.epoch !== undefined && ` · epoch ${progress.epoch} of ${progress.epochs}`}
              {progress.attempt > 1 && ` · attempt ${progress.attempt}`}
            </span>
          </>
        )}
      </div>
      <div class="number">
        {progress?.imagesPerSecond === undefined
          ? ""
          : `${Math.round(progress.imagesPerSecond).toLocaleString("en")} images/s`}
      </div>
      <div class="number soft">
        {progress?.secondsLeft === undefined ? "" : `${durationText(progress.secondsLeft)} left`}
      </div>
    </div>
  );
}

function RunActions({ state }: { readonly state: "running" | "paused" | "stopping" | "over" }) {
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const offered = hello.value?.actions.includes("pause") && hello.value.authorised;
  if (!offered || state === "over" || state === "stopping") return null;
  const paused = state === "paused";
  const act = async () => {
    setProblem(undefined);
    try {
      await post(`/api/studies/${study.value?.name}/pause`, { paused: !paused });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <p class="row">
      <button
        type="button"
        onClick={() => void act()}
        title={paused ? undefined : "What runs goes back in line, up to its last checkpoint, and nothing else begins"}
      >
        <Icon name={paused ? "play" : "pause"} /> {paused ? "Go on" : "Pause"}
      </button>
      {problem && (
        <span class="problem" role="alert">
          {problem}
        </span>
      )}
    </p>
  );
}

/** The time, every second. */
function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
