import { useEffect } from "preact/hooks";
import { studyExports } from "./data/exports.ts";
import { roughDuration } from "./data/format.ts";
import { hrefOf, route, type ViewName } from "./state/route.ts";
import { report, ServerError } from "./state/server.ts";
import { connection, counts, currentStudy, failure, follow, hello, run, study } from "./state/study.ts";
import { theme, toggleTheme } from "./state/theme.ts";
import { Empty } from "./ui/empty.tsx";
import { Help } from "./ui/help.tsx";
import { Icon, type IconName } from "./ui/icons.tsx";
import { Menu } from "./ui/menu.tsx";
import { helpOpen, Palette, paletteOpen } from "./ui/palette.tsx";
import { CompareView } from "./views/compare.tsx";
import { QueueView } from "./views/queue.tsx";
import { RunsView } from "./views/runs.tsx";
import { StudiesView } from "./views/studies.tsx";
import { StudyView } from "./views/study.tsx";
import { TrialView } from "./views/trial.tsx";

export function App() {
  const name = currentStudy.value;
  useEffect(() => {
    if (name) void follow(name);
  }, [name]);
  const { view } = route.value;
  return (
    <div class="app">
      <Sidebar />
      <main id="main" tabIndex={-1} class={`view-${view}`}>
        <ConnectionNote />
        {view === "studies" && !report ? (
          <>
            <header class="top">
              <h1>Studies</h1>
            </header>
            <StudiesView />
          </>
        ) : (
          <Study />
        )}
      </main>
      {paletteOpen.value && <Palette />}
      {helpOpen.value && <Help />}
    </div>
  );
}

function Study() {
  const { view, trial } = route.value;
  if (failure.value && !study.value)
    return (
      <Empty title={isRefusal(failure.value) ? "The server refuses" : "This study is not here"}>
        <p>{failure.value.message}</p>
        <p>
          <a href="#/">See all studies</a>
        </p>
      </Empty>
    );
  if (!study.value) return <p class="loading">Loading the study…</p>;
  return (
    <>
      {view !== "trial" && view !== "compare" && <StudyHeader />}
      {view === "runs" && <RunsView />}
      {view === "queue" && <QueueView />}
      {view === "trial" && <TrialView id={trial} />}
      {view === "compare" && <CompareView />}
      {(view === "study" || view === "studies") && <StudyView />}
    </>
  );
}

const isRefusal = (failure: Error) => failure instanceof ServerError && failure.status === 401;

function StudyHeader() {
  const { name, description } = study.value ?? { name: "", description: "" };
  const { all, done, failed, running } = counts.value;
  const isOver = !run.value || run.value.state === "over";
  const exports = studyExports(name);
  const share = (n: number) => ({ width: `${(100 * n) / Math.max(1, all)}%` });
  return (
    <header class="top">
      <div class="title">
        <h1>{name}</h1>
        {description && <p class="soft">{description}</p>}
        <div
          class="progress"
          role="progressbar"
          aria-label="Trials done"
          aria-valuemin={0}
          aria-valuemax={all}
          aria-valuenow={done}
        >
          {done > 0 && <span class="done" style={share(done)} />}
          {running > 0 && <span class="running" style={share(running)} />}
          {failed > 0 && <span class="failed" style={share(failed)} />}
        </div>
        <p class="status-line" aria-live="polite">
          <b>
            {done} of {all}
          </b>{" "}
          trials done
          {running > 0 && !isOver && <> · {running} running</>}
          {failed > 0 && (
            <>
              {" · "}
              <a
                class="problem"
                href={hrefOf(name, "runs", { query: new URLSearchParams({ filter: "status:failed" }) })}
              >
                {failed} failed
              </a>
            </>
          )}
          {!isOver && run.value?.secondsLeft !== undefined && <> · {roughDuration(run.value.secondsLeft)} left</>}
          {run.value?.state === "paused" && <> · paused</>}
          {run.value?.state === "stopping" && <> · stopping</>}
        </p>
      </div>
      {exports.length > 0 && (
        <Menu label="Export" icon="download" groups={exports}>
          Export
        </Menu>
      )}
    </header>
  );
}

function ConnectionNote() {
  if (connection.value !== "lost") return null;
  return (
    <p class="connection" role="status">
      The server is gone: the run may be over. What you see is what it said last; the page goes on by itself when it is
      back.
      <span>
        {" "}
        Start it with <code>carryover serve</code>.
      </span>
    </p>
  );
}

const views: readonly { view: ViewName; label: string; icon: IconName; keys: string }[] = [
  { view: "study", label: "Study", icon: "chart", keys: "g s" },
  { view: "runs", label: "Runs", icon: "rows", keys: "g r" },
  { view: "queue", label: "Queue", icon: "queue", keys: "g q" },
];

function Sidebar() {
  const name = currentStudy.value;
  const { view } = route.value;
  const { running, failed } = counts.value;
  const studies = hello.value?.studies ?? [];
  const active = view === "trial" || view === "compare" ? "runs" : view;
  return (
    <nav class="sidebar" aria-label="Views">
      <a class="brand" href={report ? "#/" : "#/"} aria-label="carryover: all studies">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" />
          <path d="M7 23c5-1 7-13 18-14" />
          <circle cx="8" cy="23" r="3.2" />
          <circle cx="24" cy="9" r="4.4" />
        </svg>
        <span>carryover</span>
      </a>
      {name && (
        <div class="nav">
          {views.map((each) => (
            <a
              key={each.view}
              href={hrefOf(name, each.view)}
              aria-current={active === each.view ? "page" : undefined}
              title={`${each.label} (${each.keys})`}
            >
              <Icon name={each.icon} />
              <span>{each.label}</span>
              {each.view === "queue" && running > 0 && <span class="pill">{running}</span>}
              {each.view === "runs" && failed > 0 && <span class="pill bad">{failed}</span>}
            </a>
          ))}
        </div>
      )}
      {studies.length > 1 && (
        <div class="studies">
          <h2>Studies</h2>
          {studies.map((each) => (
            <a key={each.name} href={hrefOf(each.name, "study")} aria-current={each.name === name ? "true" : undefined}>
              <span class={`dot ${each.running ? "running" : each.finished === each.trials ? "done" : "waiting"}`} />
              {each.name}
            </a>
          ))}
        </div>
      )}
      <div class="tools">
        {report && <p class="soft small">A report of {new Date(report.writtenAt).toLocaleDateString()}</p>}
        <button
          type="button"
          class="quiet"
          onClick={() => {
            paletteOpen.value = true;
          }}
        >
          <Icon name="search" />
          <span>Commands</span>
          <kbd>Ctrl K</kbd>
        </button>
        <div class="row">
          <button
            type="button"
            class="quiet icon-only"
            onClick={toggleTheme}
            aria-label={theme.value === "dark" ? "Light" : "Dark"}
            title="Dark or light (t)"
          >
            <Icon name={theme.value === "dark" ? "sun" : "moon"} />
          </button>
          <button
            type="button"
            class="quiet icon-only"
            aria-label="Keyboard shortcuts"
            title="Keyboard shortcuts (?)"
            onClick={() => {
              helpOpen.value = true;
            }}
          >
            <Icon name="keyboard" />
          </button>
          {!report && (
            <span class={`live-mark ${connection.value}`}>
              {connection.value === "live" ? "live" : connection.value === "lost" ? "offline" : "…"}
            </span>
          )}
        </div>
      </div>
    </nav>
  );
}
