import { accuracyChart } from "./accuracy-chart.ts";
import type { FigureSpec } from "./figure-spec.ts";

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
  const measured = points.map(({ perClass, accuracy }) => ({ at: perClass, ...accuracy }));
  const ticks = measured.map(({ at }) => at).sort((a, b) => a - b);
  return accuracyChart(measured, {
    ...{ title, subtitle, chance, reference: whole },
    description: `${title}: accuracy over the number of training images a class.`,
    x: { title: "Training images a class", scale: { type: "log", nice: false }, axis: { values: ticks, format: "d" } },
    yTitle: "Target accuracy (%)",
  });
}
