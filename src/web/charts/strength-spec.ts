import type { FigurePoint, Quantity } from "../../server/api-figure.ts";
import { axisTitle, shown } from "../data/format.ts";
import { doubtOf } from "./dots.ts";
import { cross, ring } from "./marks.ts";
import { familyColour, type Palette } from "./palette.ts";
import { chartConfig, type Spec } from "./spec.ts";

export interface StrengthOptions {
  readonly y: Quantity;
  readonly width: number;
  readonly height: number;
  readonly unit: string;
  /** The same for all methods, so that they can be compared. */
  readonly domain: readonly [number, number];
  readonly colours: Palette;
}

/** A quantity against a method's strength, weaker settings to the left, with intervals and each seed as a faint dot. */
export function strengthSpec(
  points: readonly FigurePoint[],
  vanilla: FigurePoint | undefined,
  options: StrengthOptions,
): Spec {
  const { y, width, height, unit, domain, colours } = options;
  const ordered = points.toSorted((a, b) => a.rank - b.rank);
  const values = ordered.flatMap((point) => {
    const estimate = point.estimates[y.id];
    if (!estimate) return [];
    const { mean, interval } = estimate;
    return [
      {
        strength: point.strength,
        y: shown(mean, y.unit),
        low: interval && shown(interval.low, y.unit),
        high: interval && shown(interval.high, y.unit),
        collapsed: point.collapsed > 0,
        doubt: doubtOf(point),
      },
    ];
  });
  const seeds = ordered.flatMap((point) =>
    (point.estimates[y.id]?.values ?? []).map((value) => ({ strength: point.strength, y: shown(value, y.unit) })),
  );
  const reference = vanilla?.estimates[y.id];
  const colour = familyColour(ordered[0]?.family ?? "vanilla", colours);
  const yAxis = {
    field: "y",
    type: "quantitative",
    title: axisTitle(y),
    scale: { domain, nice: false, zero: false },
    axis: { tickCount: 4 },
  };
  const x = {
    field: "strength",
    type: "ordinal",
    sort: null,
    title: unit,
    axis: { labelAngle: 0, grid: false },
    scale: { padding: 0.5 },
  };
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: `${y.label} against strength.`,
    width,
    height,
    autosize: { type: "fit", contains: "padding" },
    data: { values },
    encoding: { x },
    layer: [
      ...(reference
        ? [
            {
              data: { values: [{ y: shown(reference.mean, y.unit) }] },
              mark: { type: "rule", strokeDash: [4, 4], color: colours.rule },
              encoding: { x: null, y: { field: "y", type: "quantitative" } },
            },
          ]
        : []),
      {
        data: { values: seeds },
        mark: { type: "point", filled: true, size: 18, color: colour, opacity: 0.35, clip: true },
        encoding: { x, y: yAxis },
      },
      {
        transform: [{ filter: "isValid(datum.low)" }],
        mark: { type: "rule", color: colour, strokeWidth: 1.3, opacity: 0.5, clip: true },
        encoding: { y: { ...yAxis, field: "low" }, y2: { field: "high" } },
      },
      { mark: { type: "line", color: colour, strokeWidth: 1.6, clip: true }, encoding: { y: yAxis } },
      ring({ y: yAxis, size: { value: 140 } }),
      {
        mark: { type: "point", size: 55, strokeWidth: 1.3, opacity: 1, clip: true },
        encoding: {
          y: yAxis,
          fill: { condition: { test: "datum.collapsed", value: colours.background }, value: colour },
          stroke: { value: colour },
        },
      },
      cross({ y: yAxis, size: { value: 55 }, stroke: { value: colour } }),
    ],
    config: chartConfig(colours),
  };
}
