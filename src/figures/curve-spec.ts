import { wilsonInterval } from "../base/index.ts";
import type { FigureSpec } from "./figure-spec.ts";
import { fontFamily } from "./font.ts";

/** Robust accuracy, a fraction of n examples, within a ball of radius eps. */
export interface CurvePoint {
  readonly eps: number;
  readonly robust: { readonly value: number; readonly n: number };
}

export interface CurveMeta {
  readonly title: string;
  readonly subtitle: string;
  /** "ε (ℓ2, pixels in [0, 1])". */
  readonly epsTitle: string;
  /** A fraction: what guessing would reach. */
  readonly chance: number;
}

/**
 * Robust accuracy over eps as a Vega-Lite v6 spec: a line with 95 % Wilson intervals of the examples' sampling noise, and
 * chance as a dashed line. The order of the points has no influence.
 */
export function curveSpec(points: readonly CurvePoint[], { title, subtitle, epsTitle, chance }: CurveMeta): FigureSpec {
  const values = points
    .toSorted((a, b) => a.eps - b.eps)
    .map(({ eps, robust: { value, n } }) => {
      const { low, high } = wilsonInterval(Math.round(value * n), n);
      return { eps, robust: 100 * value, low: 100 * low, high: 100 * high };
    });
  const x = { field: "eps", type: "quantitative", title: epsTitle };
  const scale = { domain: [0, 100] };
  const y = { field: "robust", type: "quantitative", title: "Robust accuracy (%)", scale };
  const colour = "#0072B2";
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: `${title}: robust accuracy over eps.`,
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
      {
        data: { values: [{ chance: 100 * chance }] },
        mark: { type: "rule", strokeDash: [4, 3], color: "#8A8A8A" },
        encoding: { y: { field: "chance", type: "quantitative", scale } },
      },
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
