import type { FigureSpec } from "./figure-spec.ts";
import { fontFamily } from "./font.ts";

/** Accuracy with its interval, fractions, at so many images of each class. */
export interface ShotsPoint {
  readonly perClass: number;
  readonly accuracy: { readonly value: number; readonly low: number; readonly high: number };
}

export interface ShotsMeta {
  readonly title: string;
  readonly subtitle: string;
  /** What all training images reach, a fraction; nothing is drawn without it. */
  readonly whole: number | undefined;
  /** What always naming the largest class reaches, a fraction. */
  readonly chance: number;
}

/**
 * Accuracy over the number of images a class as a Vega-Lite v6 spec: points with their intervals, a line to lead the eye,
 * what all images reach as a green rule, and chance as a dashed one. The order of the points has no influence.
 */
export function shotsSpec(points: readonly ShotsPoint[], { title, subtitle, whole, chance }: ShotsMeta): FigureSpec {
  const values = points
    .toSorted((a, b) => a.perClass - b.perClass)
    .map(({ perClass, accuracy: { value, low, high } }) => ({
      perClass,
      accuracy: 100 * value,
      low: 100 * Math.max(0, low),
      high: 100 * Math.min(1, high),
    }));
  const x = {
    field: "perClass",
    type: "quantitative",
    title: "Training images a class",
    scale: { type: "log", nice: false },
    axis: { values: values.map(({ perClass }) => perClass), format: "d" },
  };
  const scale = { domain: [0, 100] };
  const y = { field: "accuracy", type: "quantitative", title: "Target accuracy (%)", scale };
  const colour = "#0072B2";
  const rule = (value: number, mark: object) => ({
    data: { values: [{ value: 100 * value }] },
    mark: { type: "rule", ...mark },
    encoding: { y: { field: "value", type: "quantitative", scale } },
  });
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: `${title}: accuracy over the number of training images a class.`,
    title: {
      text: title,
      subtitle,
      anchor: "start",
      fontSize: 13,
      subtitleFontSize: 10,
      subtitleColor: "#555555",
      offset: 8,
    },
    width: 430,
    height: 280,
    data: { values },
    layer: [
      rule(chance, { strokeDash: [4, 3], color: "#8A8A8A" }),
      ...(whole === undefined ? [] : [rule(whole, { color: "#009E73", strokeWidth: 1.4 })]),
      {
        mark: { type: "rule", color: colour, opacity: 0.5 },
        encoding: { x, y: { field: "low", type: "quantitative", scale, title: y.title }, y2: { field: "high" } },
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
