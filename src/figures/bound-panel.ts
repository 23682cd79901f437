import { mean, meanInterval } from "../base/index.ts";
import type { SavedBound } from "../theory/index.ts";
import { methodStyle, rimOf, shapeGain } from "./method-style.ts";
import { type PanelSize, panelLabels } from "./panel-labels.ts";
import { bars, dotLook, trajectories } from "./panel-spec.ts";
import { type Dot, type Panel, panelOf } from "./plot-data.ts";
import { labelOf, type Point } from "./point.ts";

/** Of the line that no dot passes. */
const boundColour = "#C00000";

/**
 * tau of each setting (the mean over its seeds, nats) against its robust accuracy, with the line d that bounds it.
 * Undefined when the bound was computed for other trials.
 */
export function boundPanel(points: readonly Point[], bound: SavedBound, size: PanelSize): object | undefined {
  const tau = new Map(bound.points.map((point) => [point.id, point.tau]));
  const panel = panelOf(points);
  const dots = panel.dots.flatMap((dot): Dot[] => {
    const values = dot.point.trialIds.flatMap((id) => tau.get(id) ?? []);
    return values.length === 0 ? [] : [{ ...dot, y: mean(values), yInterval: meanInterval(values) }];
  });
  if (dots.length === 0) return undefined;
  const placed: Panel = { ...panel, dots, yDomain: domainOf(dots, bound.d) };
  const maximiser = bound.points.find(({ id }) => id === bound.maximiser)?.label ?? bound.maximiser;
  const [left] = panel.xDomain;
  const axis = (field: "x" | "y", title: string, domain: readonly [number, number]) => ({
    field,
    type: "quantitative",
    title,
    scale: { domain, nice: false, zero: false },
    axis: { tickCount: field === "x" ? 6 : 4 },
  });
  return {
    width: size.width,
    height: size.height,
    encoding: {
      x: axis("x", "Robust accuracy on the source (%)", placed.xDomain),
      y: axis("y", "τ: relative transfer loss (nats)", placed.yDomain),
    },
    layer: [
      {
        data: { values: [{ y: bound.d }] },
        mark: { type: "rule", color: boundColour, strokeWidth: 1.4 },
        encoding: { x: null },
      },
      {
        data: { values: [{ x: left, y: bound.d, text: `d ≥ ${bound.d.toFixed(3)} nats, by ${maximiser}: τ ≤ d` }] },
        mark: { type: "text", align: "left", dx: 6, dy: -7, fontSize: 10, color: boundColour },
        encoding: { text: { field: "text" } },
      },
      trajectories(placed),
      bars(placed, "x"),
      bars(placed, "y"),
      {
        data: { values: dots.toSorted((a, b) => b.size - a.size).map(datum) },
        mark: { type: "point", filled: false, opacity: 1, aria: true },
        encoding: { ...dotLook(false), description: { field: "description" } },
      },
      ...panelLabels(placed, size),
    ],
  };
}

/** What the caption says of it. */
export const boundCaption = ({ n, points }: SavedBound): string =>
  `Below: τ = inf l_T − l_S, with heads of bounded length, on ${n.source} source and ${n.target} target training images; ` +
  `the red line is d, the largest |inf l_S − inf l_T| over ${points.length} models (a lower estimate), which τ never passes.`;

function domainOf(dots: readonly Dot[], d: number): readonly [number, number] {
  const low = Math.min(...dots.map(({ y }) => y));
  const span = Math.max(d - low, 1e-3);
  const ends = dots.flatMap(({ yInterval }) => yInterval?.low ?? []);
  return [Math.max(low - 0.3 * span, Math.min(low, ...ends)) - 0.06 * span, d + 0.14 * span];
}

function datum({ x, y, size, family, point }: Dot) {
  const style = methodStyle(family);
  const { colour, shape } = style;
  const description = `${labelOf(point)}: τ ${y.toFixed(3)} nats, robust accuracy ${x.toFixed(1)} %`;
  return { x, y, size: size * shapeGain(shape), colour, shape, ...rimOf(style), description };
}
