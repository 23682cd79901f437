import type { FigurePoint, Quantity } from "../../server/api.ts";
import { readable } from "../data/colour.ts";
import { axisTitle, shown } from "../data/format.ts";
import { lookOf } from "../state/study.ts";
import { familyColour, type Palette } from "./palette.ts";
import { type PlacedName, placeNames } from "./place-names.ts";
import { chartConfig, type Spec } from "./spec.ts";

/** What an axis may show: a quantity, or the strength of a method. */
export type Axis = Quantity | "strength";

export interface ScatterOptions {
  readonly x: Axis;
  readonly y: Quantity;
  readonly width: number;
  readonly height: number;
  readonly intervals: boolean;
  readonly lines: boolean;
  readonly title?: string;
  readonly subtitle?: string;
  readonly zoom?: Zoom;
  /** Of the quantity on y, which no dot passes; drawn as a line. */
  readonly bound?: number;
  readonly colours: Palette;
}

export interface Zoom {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** A dot as Vega gets it. */
export interface Dot {
  readonly id: string;
  readonly label: string;
  readonly family: string;
  readonly rank: number;
  /** The family's, at its strongest dot of a figure that has room for names. */
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly xLow: number | undefined;
  readonly xHigh: number | undefined;
  readonly yLow: number | undefined;
  readonly yHigh: number | undefined;
  readonly colour: string;
  /** The same, dark or light enough to be read. */
  readonly textColour: string;
  readonly shape: string;
  readonly size: number;
  readonly ring: number;
  readonly collapsed: boolean;
  readonly doubt: string;
  readonly description: string;
}

const smallest = 60;
const largest = 220;

/** The points that have both quantities. */
export function dotsOf(
  points: readonly FigurePoint[],
  { x, y, colours }: Pick<ScatterOptions, "x" | "y" | "colours">,
): Dot[] {
  const hasRoom = new Set(points.map(({ family }) => family)).size <= 9;
  return points.flatMap((point): Dot[] => {
    const across = x === "strength" ? strengthOf(point) : point.estimates[x.id];
    const up = point.estimates[y.id];
    if (!across || !up) return [];
    const xUnit = x === "strength" ? "number" : x.unit;
    const ends = (interval: { low: number; high: number } | undefined, unit: Quantity["unit"]) =>
      interval && interval.low < interval.high ? [shown(interval.low, unit), shown(interval.high, unit)] : [];
    const [xLow, xHigh] = ends(across.interval, xUnit);
    const [yLow, yHigh] = ends(up.interval, y.unit);
    const { shape, short } = lookOf(point.family);
    const size =
      point.ranks === 1 ? (smallest + largest) / 2 : smallest + ((largest - smallest) * point.rank) / (point.ranks - 1);
    const [xShown, yShown] = [shown(across.mean, xUnit), shown(up.mean, y.unit)];
    return [
      {
        id: point.id,
        label: point.label,
        family: point.family,
        rank: point.rank,
        name: hasRoom && point.rank === point.ranks - 1 ? short : "",
        x: xShown,
        y: yShown,
        xLow,
        xHigh,
        yLow,
        yHigh,
        colour: familyColour(point.family, colours),
        textColour: readable(familyColour(point.family, colours), colours.background, 4.5),
        shape,
        size: size * gainOf(shape),
        ring: size * 2.3,
        collapsed: point.collapsed > 0,
        doubt: point.health === "suspect" || point.health === "failed" ? point.health : "none",
        description: `${point.label}: ${y.label} ${yShown.toFixed(2)}, ${x === "strength" ? "strength" : x.label} ${xShown.toFixed(2)}`,
      },
    ];
  });
}

function strengthOf({ methods: [only, ...others] }: FigurePoint) {
  return only && others.length === 0 ? { mean: only.strength, interval: undefined } : undefined;
}

/** How many times a shape's area must grow to look as large as a circle. */
const gainOf = (shape: string): number =>
  shape === "diamond"
    ? 1.35
    : shape === "square"
      ? 0.9
      : shape.startsWith("triangle")
        ? 1.15
        : shape.startsWith("M")
          ? 1.3
          : 1;

/** A scatter of points with intervals as a Vega-Lite spec; its signal "focus" holds the family that stands out, or null. */
export function scatterSpec(points: readonly FigurePoint[], options: ScatterOptions): Spec {
  const { x, y, width, height, intervals, lines, title, subtitle, zoom, bound, colours } = options;
  const dots = dotsOf(points, options);
  const logarithmic = x === "strength" && dots.every((dot) => dot.x > 0);
  const domain = zoom ?? { x: domainOf(dots, "x", logarithmic), y: withBound(domainOf(dots, "y", false), bound) };
  const axis = (field: "x" | "y", of: Axis) => ({
    field,
    type: "quantitative",
    title: of === "strength" ? "Strength" : axisTitle(of),
    scale: {
      domain: domain[field],
      nice: false,
      zero: false,
      ...(field === "x" && logarithmic ? { type: "log" } : {}),
    },
    axis: { tickCount: field === "x" ? Math.max(3, Math.round(width / 90)) : 6 },
  });
  const seen = (strong: number, weak: number) => ({
    condition: { test: "focus === null || datum.family === focus", value: strong },
    value: weak,
  });
  const colour = { field: "colour", type: "nominal", scale: null };
  const shape = { field: "shape", type: "nominal", scale: null };
  const size = { field: "size", type: "quantitative", scale: null };
  const bars = (field: "x" | "y") => ({
    transform: [{ filter: `isValid(datum.${field}Low)` }],
    mark: { type: "rule", strokeWidth: 1.2, clip: true, aria: false },
    encoding: {
      [field]: { ...axis(field, field === "x" ? x : y), field: `${field}Low` },
      [`${field}2`]: { field: `${field}High` },
      color: colour,
      opacity: seen(0.42, 0.14),
    },
  });
  const vanilla = dots.find(({ family }) => family === "vanilla");
  const reference = { type: "rule", strokeDash: [4, 4], color: colours.rule, strokeWidth: 1, clip: true, aria: false };
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: `${y.label} against ${x === "strength" ? "strength" : x.label}, one dot for each method and strength.`,
    ...(title ? { title: { text: title, ...(subtitle ? { subtitle } : {}) } } : {}),
    width,
    height,
    autosize: { type: "fit", contains: "padding" },
    params: [{ name: "focus", value: null }],
    data: { values: dots },
    encoding: { x: axis("x", x), y: axis("y", y) },
    layer: [
      ...(y.id === "dt"
        ? [
            {
              data: { values: [{ y: 0 }] },
              mark: reference,
              encoding: { x: null, y: { field: "y", type: "quantitative" } },
            },
          ]
        : []),
      ...(vanilla && x !== "strength"
        ? [
            {
              data: { values: [{ x: vanilla.x }] },
              mark: reference,
              encoding: { y: null, x: { field: "x", type: "quantitative" } },
            },
          ]
        : []),
      ...(bound === undefined ? [] : boundLine(bound, domain.x[0])),
      ...(lines
        ? [
            {
              mark: { type: "line", strokeWidth: 1.4, clip: true, aria: false },
              encoding: {
                color: colour,
                detail: { field: "family" },
                order: { field: "rank", type: "quantitative" },
                opacity: seen(0.3, 0.12),
              },
            },
          ]
        : []),
      ...(intervals ? [bars("x"), bars("y")] : []),
      {
        transform: [{ filter: "datum.doubt !== 'none'" }],
        mark: {
          type: "point",
          shape: "circle",
          filled: false,
          strokeWidth: 1.3,
          clip: true,
          aria: false,
          stroke: "#d0342c",
        },
        encoding: {
          size: { field: "ring", type: "quantitative", scale: null },
          strokeDash: { condition: { test: "datum.doubt === 'suspect'", value: [3, 2] }, value: [1, 0] },
          opacity: seen(1, 0.3),
        },
      },
      {
        name: "dots",
        mark: { type: "point", strokeWidth: 1, clip: true, cursor: "pointer" },
        encoding: {
          shape,
          size,
          fill: { condition: { test: "datum.collapsed", value: colours.background }, ...colour },
          stroke: {
            condition: { test: "datum.collapsed", field: "colour", type: "nominal", scale: null },
            value: colours.background,
          },
          opacity: seen(1, 0.3),
          description: { field: "description" },
        },
      },
      ...names(placeNames(dots, { ...domain, logarithmic, width: width - 74, height: height - 50 }), seen),
      {
        transform: [{ filter: "datum.collapsed" }],
        mark: {
          type: "point",
          shape: "M-0.6,-0.6L0.6,0.6M0.6,-0.6L-0.6,0.6",
          strokeWidth: 1.4,
          clip: true,
          aria: false,
        },
        encoding: { size, stroke: colour, opacity: seen(1, 0.3) },
      },
    ],
    config: chartConfig(colours),
  };
}

const boundColour = "#d0342c";

function boundLine(bound: number, left: number): object[] {
  const y = { field: "y", type: "quantitative" };
  return [
    {
      data: { values: [{ y: bound }] },
      mark: { type: "rule", color: boundColour, strokeWidth: 1.4, clip: true, aria: false },
      encoding: { x: null, y },
    },
    {
      data: { values: [{ x: left, y: bound, text: `d ≥ ${bound.toFixed(3)} nats: τ ≤ d` }] },
      mark: { type: "text", align: "left", dx: 8, dy: -8, fontSize: 11, color: boundColour, clip: true },
      encoding: { x: { field: "x", type: "quantitative" }, y, text: { field: "text" } },
    },
  ];
}

/** The domain reaches a little beyond the bound. */
function withBound([low, high]: readonly [number, number], bound: number | undefined): [number, number] {
  return bound === undefined || bound < low ? [low, high] : [low, Math.max(high, bound + 0.12 * (bound - low))];
}

/** Families by name beside their strongest dots. */
const names = (placed: readonly PlacedName[], seen: (strong: number, weak: number) => object) =>
  (["left", "right"] as const)
    .map((align) => ({ align, values: placed.filter((name) => name.align === align) }))
    .filter(({ values }) => values.length > 0)
    .map(({ align, values }) => ({
      data: { values },
      mark: { type: "text", align, baseline: "middle", fontSize: 11, clip: true, aria: false },
      encoding: {
        text: { field: "name" },
        color: { field: "textColour", type: "nominal", scale: null },
        opacity: seen(1, 0.3),
      },
    }));

/** The dots' span, widened by their intervals up to a part of it. */
export function domainOf(dots: readonly Dot[], field: "x" | "y", logarithmic: boolean): [number, number] {
  if (dots.length === 0) return [0, 100];
  const values = dots.map((dot) => dot[field]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (logarithmic) return [low / 1.5, high * 1.5];
  const span = Math.max(high - low, Math.abs(high) * 0.02, 1e-3);
  const lows = dots.map((dot) => dot[`${field}Low`] ?? dot[field]);
  const highs = dots.map((dot) => dot[`${field}High`] ?? dot[field]);
  const from = Math.max(low - 0.35 * span, Math.min(...lows));
  const to = Math.min(high + 0.35 * span, Math.max(...highs));
  const padding = 0.07 * (to - from || span);
  return [from - padding, to + padding];
}
