import type { Curve } from "./api-trial.ts";

/** A training curve of bounded length, however long the training. */
export interface CurveRecorder {
  /** `epoch` counts what is behind it, fractions included. */
  add(epoch: number, loss: number, accuracy: number): void;
  readonly curve: Curve;
}

/**
 * Keeps at most `most` points. Each is the mean of as many consecutive measurements as every other; when there is no
 * more room, neighbours are joined two by two.
 */
export function recordCurve(most = 200): CurveRecorder {
  const points: Point[] = [];
  let perPoint = 1;
  let open: { readonly sum: Point; count: number } = { sum: [0, 0, 0], count: 0 };
  return {
    add(...measured) {
      for (const i of [0, 1, 2] as const) open.sum[i] += measured[i];
      if (++open.count < perPoint) return;
      const { sum, count } = open;
      points.push([sum[0] / count, sum[1] / count, sum[2] / count]);
      open = { sum: [0, 0, 0], count: 0 };
      if (points.length < most) return;
      points.splice(0, points.length, ...joined(points));
      perPoint *= 2;
    },
    get curve() {
      return {
        epochs: points.map(([epoch]) => epoch),
        loss: points.map(([, loss]) => loss),
        accuracy: points.map(([, , accuracy]) => accuracy),
      };
    },
  };
}

type Point = [epoch: number, loss: number, accuracy: number];

const middle = (a: Point, b: Point): Point => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2];

function joined(points: readonly Point[]): Point[] {
  return points.flatMap((point, i) => {
    const before = points[i - 1];
    return i % 2 === 1 && before ? [middle(before, point)] : [];
  });
}
