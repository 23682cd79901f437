import type { FigurePoint } from "../../server/api.ts";
import { familyColour, light, palette } from "../charts/palette.ts";
import { Scatter } from "../charts/scatter.tsx";
import { type Axis, scatterSpec, type Zoom } from "../charts/scatter-spec.ts";
import { chartExports, pointsCsv } from "../data/exports.ts";
import { focused } from "../state/focus.ts";
import { go, hrefOf, param, setQuery } from "../state/route.ts";
import { counts, figure, lookOf, quantityById, shownQuantities, study } from "../state/study.ts";
import { Empty } from "../ui/empty.tsx";
import { Icon } from "../ui/icons.tsx";
import { Menu } from "../ui/menu.tsx";
import { MethodSymbol } from "../ui/symbol.tsx";
import { Term } from "../ui/term.tsx";
import { BoundNote } from "./bound.tsx";
import { ClaimsView } from "./claims.tsx";
import { PointsTable } from "./points-table.tsx";
import { StrengthView } from "./strength.tsx";

const listOf = (text: string | undefined) => (text ? text.split(",") : []);

const tabs = {
  transfer: "Transfer and robustness",
  strength: "Strength response",
  bound: "Bound τ ≤ d",
  claims: "Claims",
} as const;

type Tab = keyof typeof tabs;

/** What an axis shows unless the address says otherwise. */
const usual = (tab: Tab) => ({ x: "robust", y: tab === "bound" ? "boundTau" : "dt" });

/** The paper's figure, with other axes where one asks for them, and the table of its points. */
export function StudyView() {
  const { points, bound } = figure.value;
  if (points.length === 0) return <NothingYet />;
  const offered = (Object.keys(tabs) as Tab[]).filter((name) => name !== "bound" || bound);
  const tab = offered.find((name) => name === param("tab")) ?? "transfer";
  const hidden = new Set(listOf(param("hide")));
  const visible = points.filter(({ family }) => !hidden.has(family));
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
  const { notes, intervals } = figure.value;
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
        A larger dot is a stronger setting of its method. Bars: {intervals}. <Term id="dt">DT Acc</Term> rewards a lower
        source accuracy, so read it beside <Term id="source">source</Term> and <Term id="target">target accuracy</Term>.
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

function axisOf(id: string | undefined, fallback: string): Axis | undefined {
  if (id === "strength") return "strength";
  return quantityById.value.get(id ?? fallback) ?? quantityById.value.get(fallback);
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

/** One panel for each setting. */
function Panels({ points, tab }: { readonly points: readonly FigurePoint[]; readonly tab: Tab }) {
  const x = axisOf(param("x"), usual(tab).x);
  const y = axisOf(param("y"), usual(tab).y);
  if (!x || !y || y === "strength") return null;
  const settings = study.value?.settings ?? [];
  const groups = settings.map((setting, index) => ({
    setting,
    index,
    members: points.filter((point) => point.setting === index),
  }));
  const drawn = groups.filter(({ members }) => members.length > 0);
  const open = (point: FigurePoint) => {
    const [first] = point.trials;
    if (first) go(hrefOf(study.value?.name ?? "", "trial", { trial: first }));
  };
  return (
    <div class={`panel-grid${drawn.length > 1 ? " several" : ""}`}>
      {drawn.map(({ setting, index, members }) => {
        const zoom = zoomOf(index);
        const bound = y.id === "boundTau" ? figure.value.bound?.d : undefined;
        const options = { x, y, bound, intervals: param("intervals") !== "off", lines: param("lines") !== "off" };
        const title = { title: setting.title, subtitle: `${setting.attack} · ${setting.protocol}` };
        const spec = () =>
          scatterSpec(members, { ...options, ...title, width: 620, height: 440, zoom, colours: light });
        return (
          <section class="card panel" key={index} aria-label={setting.title}>
            <header>
              <div>
                <h3>{setting.title}</h3>
                <p class="soft">
                  {setting.attack} · {setting.protocol}
                </p>
              </div>
              <div class="row">
                {zoom && (
                  <button type="button" class="quiet" onClick={() => setQuery({ zoom: undefined })}>
                    <Icon name="reset" /> Reset zoom
                  </button>
                )}
                <Menu
                  label="Save this figure"
                  icon="download"
                  quiet
                  groups={chartExports(`${study.value?.name}-${index + 1}`, spec, () =>
                    pointsCsv(members, shownQuantities.value),
                  )}
                />
              </div>
            </header>
            <Scatter
              points={members}
              {...options}
              colours={palette.value}
              focus={focused.value}
              zoom={zoom}
              label={`${y.label} against ${x === "strength" ? "strength" : x.label}, ${setting.title}`}
              onZoom={(next) =>
                setQuery({
                  zoom: next && `${index}:${[...next.x, ...next.y].map((value) => value.toPrecision(5)).join(",")}`,
                })
              }
              onOpen={open}
              onHover={(family) => {
                focused.value = family;
              }}
            />
          </section>
        );
      })}
    </div>
  );
}

const zooms = new Map<string, Zoom>();

/** The zoom of a panel as the address has it; the same object for the same text, so that nothing is drawn anew. */
function zoomOf(index: number): Zoom | undefined {
  const text = param("zoom") ?? "";
  const [panel, numbers = ""] = text.split(":");
  const [x0, x1, y0, y1] = numbers.split(",").map(Number);
  if (Number(panel) !== index || text === "") return undefined;
  if (x0 === undefined || x1 === undefined || y0 === undefined || y1 === undefined) return undefined;
  if (!(x1 > x0) || !(y1 > y0)) return undefined;
  const zoom = zooms.get(text) ?? { x: [x0, x1], y: [y0, y1] };
  zooms.set(text, zoom);
  return zoom;
}

/** Methods as buttons: a click hides and shows one, with Alt or Shift it shows that one alone. */
function Legend({ points, hidden }: { readonly points: readonly FigurePoint[]; readonly hidden: ReadonlySet<string> }) {
  const families = [...Map.groupBy(points, ({ family }) => family)];
  const toggle = (family: string, alone: boolean) => {
    const others = families.map(([name]) => name).filter((name) => name !== family);
    const isAlone = !hidden.has(family) && others.every((name) => hidden.has(name));
    const next = alone
      ? isAlone
        ? []
        : others
      : hidden.has(family)
        ? [...hidden].filter((name) => name !== family)
        : [...hidden, family];
    setQuery({ hide: next.join(",") });
  };
  return (
    <aside class="legend" aria-label="Methods">
      <h3>Methods</h3>
      {families.map(([family, members]) => (
        <button
          type="button"
          key={family}
          class={hidden.has(family) ? "off" : ""}
          aria-pressed={!hidden.has(family)}
          title="Click hides or shows; Alt-click shows this one alone"
          onClick={(event) => toggle(family, event.altKey || event.shiftKey)}
          onMouseEnter={() => {
            focused.value = hidden.has(family) ? undefined : family;
          }}
          onMouseLeave={() => {
            focused.value = undefined;
          }}
          style={{ "--colour": familyColour(family, palette.value) }}
        >
          <MethodSymbol family={family} size={13} />
          <span class="legend-name">{lookOf(family).legend}</span>
          <span class="soft">{[...new Set(members.map(({ strength }) => strength))].join(", ")}</span>
        </button>
      ))}
      {hidden.size > 0 && (
        <button type="button" class="link" onClick={() => setQuery({ hide: undefined })}>
          Show all
        </button>
      )}
      <LegendKeys points={points} />
    </aside>
  );
}

function LegendKeys({ points }: { readonly points: readonly FigurePoint[] }) {
  const suspect = points.some(({ health }) => health === "suspect");
  const failed = points.some(({ health }) => health === "failed");
  const collapsed = points.some((point) => point.collapsed > 0);
  if (!suspect && !failed && !collapsed) return null;
  return (
    <ul class="keys">
      {collapsed && (
        <li>
          <i class="key-collapsed" /> collapsed: source accuracy at chance
        </li>
      )}
      {suspect && (
        <li>
          <i class="key-ring dashed" /> robust accuracy is suspect
        </li>
      )}
      {failed && (
        <li>
          <i class="key-ring" /> robust accuracy failed its checks
        </li>
      )}
    </ul>
  );
}
