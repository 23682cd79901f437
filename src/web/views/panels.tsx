import { useMemo } from "preact/hooks";
import type { FigurePoint } from "../../server/api-figure.ts";
import type { Axis } from "../charts/dots.ts";
import { light, palette } from "../charts/palette.ts";
import { Scatter } from "../charts/scatter.tsx";
import { scatterSpec, type Zoom } from "../charts/scatter-spec.ts";
import { chartExports, pointsCsv } from "../data/exports.ts";
import { focused } from "../state/focus.ts";
import { go, hrefOf, param, setQuery } from "../state/route.ts";
import { figure, quantityById, shownQuantities, study } from "../state/study.ts";
import { Icon } from "../ui/icons.tsx";
import { Menu } from "../ui/menu.tsx";
import { type Tab, usual } from "./tabs.ts";

function axisOf(id: string | undefined, fallback: string): Axis | undefined {
  if (id === "strength") return "strength";
  return quantityById.value.get(id ?? fallback) ?? quantityById.value.get(fallback);
}

/** One panel for each setting. */
export function Panels({ points, tab }: { readonly points: readonly FigurePoint[]; readonly tab: Tab }) {
  const x = axisOf(param("x"), usual(tab).x);
  const y = axisOf(param("y"), usual(tab).y);
  const settings = study.value?.settings;
  const drawn = useMemo(() => {
    const groups = Map.groupBy(points, ({ setting }) => setting);
    return (settings ?? []).flatMap((setting, index) => {
      const members = groups.get(index);
      return members ? [{ setting, index, members }] : [];
    });
  }, [points, settings]);
  if (!x || !y || y === "strength") return null;
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
