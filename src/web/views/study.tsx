import { useMemo } from "preact/hooks";
import type { FigurePoint } from "../../server/api-figure.ts";
import { barsCaption } from "../data/bars.ts";
import { hrefOf, param, setQuery } from "../state/route.ts";
import { counts, figure, quantityById, shownQuantities, study } from "../state/study.ts";
import { Empty } from "../ui/empty.tsx";
import { Term } from "../ui/term.tsx";
import { BoundNote } from "./bound.tsx";
import { ClaimsView } from "./claims.tsx";
import { Legend } from "./legend.tsx";
import { Panels } from "./panels.tsx";
import { PointsTable } from "./points-table.tsx";
import { StrengthView } from "./strength.tsx";
import { type Tab, tabs, usual } from "./tabs.ts";

const listOf = (text: string | undefined) => (text ? text.split(",") : []);

/** The paper's figure, with other axes where one asks for them, and the table of its points. */
export function StudyView() {
  const { points, bound } = figure.value;
  const hide = param("hide");
  const hidden = useMemo(() => new Set(listOf(hide)), [hide]);
  // The same array for the same dots, so that no chart is drawn anew for what does not change it.
  const visible = useMemo(() => points.filter(({ family }) => !hidden.has(family)), [points, hidden]);
  if (points.length === 0) return <NothingYet />;
  const offered = (Object.keys(tabs) as Tab[]).filter((name) => name !== "bound" || bound);
  const tab = offered.find((name) => name === param("tab")) ?? "transfer";
  return (
    <div class="study-view">
      <div class="toolbar">
        <div class="tabs" role="tablist" aria-label="Figure">
          {offered.map((name) => (
            <button
              type="button"
              role="tab"
              aria-selected={tab === name}
              key={name}
              onClick={() =>
                setQuery({ tab: name === "transfer" ? undefined : name, x: undefined, y: undefined, zoom: undefined })
              }
            >
              {tabs[name]}
            </button>
          ))}
        </div>
        {tab !== "claims" && <Controls tab={tab} />}
      </div>
      {tab === "claims" ? <ClaimsView /> : <Figure tab={tab} points={points} visible={visible} hidden={hidden} />}
    </div>
  );
}

function Figure({
  tab,
  points,
  visible,
  hidden,
}: {
  readonly tab: Exclude<Tab, "claims">;
  readonly points: readonly FigurePoint[];
  readonly visible: readonly FigurePoint[];
  readonly hidden: ReadonlySet<string>;
}) {
  const { notes } = figure.value;
  const axes =
    tab === "strength" ? [param("y") ?? usual(tab).y] : [param("y") ?? usual(tab).y, param("x") ?? usual(tab).x];
  const bars = barsCaption(
    visible,
    axes.flatMap((id) => quantityById.value.get(id) ?? []),
  );
  return (
    <>
      <div class="figure-area">
        <div class="panels">
          {tab === "strength" ? <StrengthView points={visible} /> : <Panels points={visible} tab={tab} />}
        </div>
        <Legend points={points} hidden={hidden} />
      </div>
      {tab === "bound" && <BoundNote />}
      <p class="caption">
        {tab !== "strength" && "A larger dot is a stronger setting of its method. "}
        {bars} <Term id="dt">DT Acc</Term> rewards a lower source accuracy, so read it beside{" "}
        <Term id="source">source</Term> and <Term id="target">target accuracy</Term>.
        {tab === "transfer" && " The vanilla model sits at 0."}
      </p>
      {notes.length > 0 && (
        <details class="notes" open={notes.length <= 3}>
          <summary>What to know before trusting these numbers ({notes.length})</summary>
          <ul>
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </details>
      )}
      <PointsTable points={visible} />
    </>
  );
}

function NothingYet() {
  const { running, failed, all } = counts.value;
  if (running > 0)
    return (
      <Empty title="The first trial is under way">
        The figure begins with the first finished trial.{" "}
        <a href={hrefOf(study.value?.name ?? "", "queue")}>See the workers</a>.
      </Empty>
    );
  return (
    <Empty title="No trial has finished yet">
      {failed > 0 ? (
        <>
          {failed} of {all} trials failed.{" "}
          <a
            href={hrefOf(study.value?.name ?? "", "runs", { query: new URLSearchParams({ filter: "status:failed" }) })}
          >
            See why
          </a>
          .
        </>
      ) : (
        <>
          Run the study: <code>carryover run {study.value?.name}</code>
        </>
      )}
    </Empty>
  );
}

function Controls({ tab }: { readonly tab: Tab }) {
  const options = shownQuantities.value;
  const select = (name: "x" | "y", fallback: string, extra: readonly { id: string; label: string }[] = []) => (
    <label class="field">
      <span>{name}</span>
      <select
        value={param(name) ?? fallback}
        onChange={(event) => {
          const { value } = event.currentTarget;
          setQuery({ [name]: value === fallback ? undefined : value, zoom: undefined });
        }}
      >
        {[...options, ...extra].map(({ id, label }) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
  const toggle = (name: string, label: string) => (
    <label class="check">
      <input
        type="checkbox"
        checked={param(name) !== "off"}
        onChange={(event) => setQuery({ [name]: event.currentTarget.checked ? undefined : "off" })}
      />
      {label}
    </label>
  );
  return (
    <div class="controls">
      {select("y", usual(tab).y)}
      {tab !== "strength" && select("x", usual(tab).x, [{ id: "strength", label: "Strength" }])}
      {tab !== "strength" && toggle("intervals", "Intervals")}
      {tab !== "strength" && toggle("lines", "Lines")}
    </div>
  );
}
