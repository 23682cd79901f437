import type { FigureSpec } from "./figure-spec.ts";
import { fontFamily } from "./font.ts";

/** One point of the line; accuracies are fractions. */
export interface AccuracyPoint {
  readonly at: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface AccuracyChart {
  readonly title: string;
  readonly subtitle: string;
  /** A sentence for those who do not see it. */
  readonly description: string;
  /** Vega-Lite's x channel, but for its field and type. */
  readonly x: Readonly<Record<string, unknown>>;
  readonly yTitle: string;
  /** A fraction: what guessing would reach, drawn as a dashed rule. */
  readonly chance: number;
  /** A fraction to compare with, drawn as a green rule. */
  readonly reference?: number;
}

/** Accuracy in percent over something as a Vega-Lite v6 spec: points with intervals, a line to lead the eye, and rules. */
export function accuracyChart(points: readonly AccuracyPoint[], chart: AccuracyChart): FigureSpec {
  const { title, subtitle, description, yTitle, chance, reference } = chart;
  const values = points
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, value, low, high }) => ({
      at,
      accuracy: 100 * value,
      low: 100 * Math.max(0, low),
      high: 100 * Math.min(1, high),
    }));
  const x = { field: "at", type: "quantitative", ...chart.x };
  const scale = { domain: [0, 100] };
  const y = { field: "accuracy", type: "quantitative", title: yTitle, scale };
  const colour = "#0072B2";
  const rule = (value: number, mark: object) => ({
    data: { values: [{ value: 100 * value }] },
    mark: { type: "rule", ...mark },
    encoding: { y: { field: "value", type: "quantitative", scale } },
  });
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description,
    title: {
      ...{ text: title, subtitle, anchor: "start", fontSize: 13 },
      ...{ subtitleFontSize: 10, subtitleColor: "#555555", offset: 8 },
    },
    width: 430,
    height: 280,
    data: { values },
    layer: [
      rule(chance, { strokeDash: [4, 3], color: "#8A8A8A" }),
      ...(reference === undefined ? [] : [rule(reference, { color: "#009E73", strokeWidth: 1.4 })]),
      {
        mark: { type: "rule", color: colour, opacity: 0.5 },
        encoding: { x, y: { field: "low", type: "quantitative", scale, title: yTitle }, y2: { field: "high" } },
      },
      { mark: { type: "line", color: colour, strokeWidth: 1.4 }, encoding: { x, y } },
      { mark: { type: "point", filled: true, color: colour, size: 45, opacity: 1 }, encoding: { x, y } },
    ],
    config: {
      background: "#FFFFFF",
      padding: 12,
      font: fontFamily,
      view: { stroke: "#BBBBBB" },
      axis: { labelFontSize: 10, titleFontSize: 11, titleFontWeight: "normal", titlePadding: 8, gridColor: "#ECECEC" },
    },
  };
}
