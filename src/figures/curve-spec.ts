import { wilsonInterval } from "../base/index.ts";
import { accuracyChart } from "./accuracy-chart.ts";
import type { FigureSpec } from "./figure-spec.ts";

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
  const measured = points.map(({ eps, robust: { value, n } }) => {
    return { at: eps, value, ...wilsonInterval(Math.round(value * n), n) };
  });
  return accuracyChart(measured, {
    ...{ title, subtitle, chance },
    description: `${title}: robust accuracy over eps.`,
    x: { title: epsTitle },
    yTitle: "Robust accuracy (%)",
  });
}
