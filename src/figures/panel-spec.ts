import { wrapText } from "./font.ts";
import { methodStyle, rimOf, shapeGain } from "./method-style.ts";
import { type PanelSize, panelLabels } from "./panel-labels.ts";
import { type Dot, type Panel, panelOf, ringGain } from "./plot-data.ts";
import { labelOf, type Point } from "./point.ts";
import { attackText, pairText, protocolText } from "./settings.ts";

export const ink = { text: "#222222", soft: "#555555", grid: "#ECECEC", rule: "#8A8A8A" };

/** An x across a hollow dot, within a symbol's -1 ... 1. */
export const crossShape = "M-0.6,-0.6L0.6,0.6M0.6,-0.6L-0.6,0.6";

/** One pair of axes as a layered Vega-Lite view, and what its caption must say. */
export function panelSpec(points: readonly Point[], size: PanelSize): { panel: Panel; view: object } {
  const panel = panelOf(points);
  const [first] = points;
  const view = {
    width: size.width,
    height: size.height,
    title: {
      text: first ? pairText(first.trial) : "",
      subtitle: wrapText(protocolText(points), size.width, 10),
    },
    encoding: {
      x: axis("x", `Robust accuracy on the source (%): ${first ? attackText(first.trial.attack) : ""}`, panel.xDomain),
      y: axis("y", "DT Acc: relative domain transfer accuracy (points)", panel.yDomain),
    },
    layer: [
      ...referenceLines(panel),
      trajectories(panel),
      bars(panel, "x"),
      bars(panel, "y"),
      dots(panel, false),
      dots(panel, true),
      crosses(panel),
      ...doubtRings(panel),
      ...panelLabels(panel, size),
    ],
  };
  return { panel, view };
}

const axis = (field: "x" | "y", title: string, domain: readonly [number, number]) => ({
  field,
  type: "quantitative",
  title,
  scale: { domain, nice: false, zero: false },
  axis: { tickCount: 6 },
});

/** Vanilla's place: DT Acc 0, and its robust accuracy. */
function referenceLines({ dots }: Panel): object[] {
  const vanilla = dots.filter(({ family }) => family === "vanilla").map(({ x }) => ({ x }));
  const mark = { type: "rule", color: ink.rule, strokeDash: [4, 3], strokeWidth: 1 };
  return [
    { data: { values: [{ y: 0 }] }, mark, encoding: { x: null } },
    { data: { values: vanilla }, mark, encoding: { y: null } },
  ];
}

/** A thin line through a family's settings, weaker to stronger; collapsed ones are left out. */
export function trajectories({ dots }: Panel): object {
  const values = dots
    .filter(({ collapsed }) => !collapsed)
    .map(({ x, y, family }, order) => ({ x, y, family, order, colour: methodStyle(family).colour }));
  return {
    data: { values },
    mark: { type: "line", strokeWidth: 1.2, opacity: 0.45 },
    encoding: {
      detail: { field: "family" },
      order: { field: "order" },
      stroke: { field: "colour", type: "nominal", scale: null },
    },
  };
}

/** Bars end at the frame in the data themselves: clip paths of renderers differ on lines without thickness. */
export function bars({ dots, xDomain, yDomain }: Panel, along: "x" | "y"): object {
  const [least, most] = along === "x" ? xDomain : yDomain;
  const values = dots.flatMap(({ x, y, family, xInterval, yInterval }) => {
    const interval = along === "x" ? xInterval : yInterval;
    const { colour } = methodStyle(family);
    return interval
      ? [{ x, y, colour, [along]: Math.max(interval.low, least), [`${along}2`]: Math.min(interval.high, most) }]
      : [];
  });
  return {
    data: { values },
    mark: { type: "rule", strokeWidth: 1, opacity: dots.length > 24 ? 0.3 : 0.4 },
    encoding: {
      [`${along}2`]: { field: `${along}2` },
      stroke: { field: "colour", type: "nominal", scale: null },
    },
  };
}

function dots(panel: Panel, collapsed: boolean): object {
  const values = panel.dots
    .filter((dot) => dot.collapsed === collapsed)
    .toSorted((a, b) => b.size - a.size)
    .map(datum);
  return {
    data: { values },
    mark: { type: "point", filled: false, opacity: 1, aria: true },
    encoding: { ...dotLook(collapsed), description: { field: "description" }, tooltip: tooltips },
  };
}

/** Encoding channels of a dot: a collapsed one is hollow. */
export const dotLook = (collapsed: boolean) => ({
  shape: { field: "shape", type: "nominal", scale: null },
  size: { field: "size", type: "quantitative", scale: null },
  fill: collapsed ? { value: "#FFFFFF" } : { field: "colour", type: "nominal", scale: null },
  stroke: { field: collapsed ? "colour" : "rim", type: "nominal", scale: null },
  strokeWidth: collapsed ? { value: 1.4 } : { field: "rimWidth", type: "quantitative", scale: null },
});

function crosses({ dots }: Panel): object {
  return {
    data: { values: dots.filter(({ collapsed }) => collapsed).map(datum) },
    mark: { type: "point", shape: crossShape, strokeWidth: 1.4, opacity: 1 },
    encoding: {
      size: { field: "size", type: "quantitative", scale: null },
      stroke: { field: "cross", type: "nominal", scale: null },
    },
  };
}

/** How the rings of doubt look. */
export const ringColour = "#C00000";
export const ringDash = { suspect: [2, 2], failed: [] } as const;

/** A ring about each dot whose robust accuracy the health checks doubt: dashed when suspect, whole when they failed. */
function doubtRings({ dots }: Panel): object[] {
  return (["suspect", "failed"] as const).flatMap((doubt) => {
    const values = dots.filter((dot) => dot.doubt === doubt).map(({ x, y, size }) => ({ x, y, size: size * ringGain }));
    if (values.length === 0) return [];
    const stroke = { stroke: ringColour, strokeWidth: 1.2, strokeDash: ringDash[doubt] };
    return [
      {
        data: { values },
        mark: { type: "point", shape: "circle", fill: null, opacity: 1, ...stroke },
        encoding: { size: { field: "size", type: "quantitative", scale: null } },
      },
    ];
  });
}

function datum({ x, y, size, family, collapsed, doubt, point }: Dot) {
  const style = methodStyle(family);
  const { colour, shape, second } = style;
  const percent = (value: number) => 100 * value;
  return {
    x,
    y,
    size: size * shapeGain(shape),
    colour,
    shape,
    ...rimOf(style),
    cross: second ?? colour,
    method: labelOf(point),
    description: `${labelOf(point)}: DT Acc ${y.toFixed(1)} points, robust accuracy ${x.toFixed(1)} %${doubt ? ` (${doubt})` : ""}${collapsed ? ", collapsed" : ""}`,
    seeds: point.seeds.length,
    collapsed: collapsed ? point.collapsed : 0,
    health: point.health ?? "not examined",
    sourceAccuracy: percent(point.source.accuracy.mean),
    targetAccuracy: percent(point.target.accuracy.mean),
  };
}

/** For the interactive figure; a headless one leaves them out. */
const tooltips = [
  { field: "method", title: "Method" },
  { field: "y", title: "DT Acc (points)", format: ".2f" },
  { field: "x", title: "Robust accuracy (%)", format: ".2f" },
  { field: "sourceAccuracy", title: "Source accuracy (%)", format: ".2f" },
  { field: "targetAccuracy", title: "Target accuracy (%)", format: ".2f" },
  { field: "seeds", title: "Seeds" },
  { field: "collapsed", title: "Collapsed seeds" },
  { field: "health", title: "Health of the attack" },
];
