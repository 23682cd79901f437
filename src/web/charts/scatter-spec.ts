import type { FigurePoint } from "../../server/api-figure.ts";
import { axisTitle } from "../data/format.ts";
import { type Axis, type DotAxes, domainOf, dotsOf } from "./dots.ts";
import { cross, ring } from "./marks.ts";
import { type PlacedName, placeNames } from "./place-names.ts";
import { chartConfig, type Spec } from "./spec.ts";

export interface ScatterOptions extends DotAxes {
  readonly width: number;
  readonly height: number;
  readonly intervals: boolean;
  readonly lines: boolean;
  readonly title?: string;
  readonly subtitle?: string;
  readonly zoom?: Zoom;
  /** Of the quantity on y, which no dot passes; drawn as a line. */
  readonly bound?: number;
}

export interface Zoom {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

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
      ring({ size: { field: "ring", type: "quantitative", scale: null }, opacity: seen(1, 0.3) }),
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
      cross({ size, stroke: colour, opacity: seen(1, 0.3) }),
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
