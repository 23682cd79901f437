import { norm } from "../../base/index.ts";
import { type Head, headAt, headVector, type LabelledFeatures, softmaxRegression } from "../../transfer/index.ts";

/**
 * The one-sided transfer measure of the features: the largest, over heads g within `share` of the source head's length
 * about it, of (L_T(g) - L_T*) - (L_S(g) - L_S*), L mean cross-entropies in nats, L_S* the source head's own loss and
 * `targetOptimum` L_T*. By projected gradient ascent, so a lower estimate. Lower predicts better transfer.
 *
 * Class k of the target counts as class k of the source, as in domain generalisation, for which the measure was made;
 * where the classes have nothing to do with each other it mostly tells how wrong the source head is on the target.
 * Source: Zhang, Zhao, Yu and Poupart, NeurIPS 2021, whose near-optimal classifiers are a ball in parameters too.
 */
export function transferMeasure(
  source: LabelledFeatures,
  target: LabelledFeatures,
  head: Head,
  targetOptimum: number,
  { share = 0.1, steps = 12 }: { readonly share?: number; readonly steps?: number } = {},
): number {
  const start = headVector(head);
  const radius = share * norm(start);
  const sourceOptimum = softmaxRegression(source, head).loss;
  let point = start;
  let most = Number.NEGATIVE_INFINITY;
  for (let step = 0; step <= steps; step++) {
    const there = headAt(point, source.size);
    const [onSource, onTarget] = [softmaxRegression(source, there), softmaxRegression(target, there)];
    most = Math.max(most, onTarget.loss - targetOptimum - (onSource.loss - sourceOptimum));
    const [gs, gt] = [headVector(onSource.gradient), headVector(onTarget.gradient)];
    const ascent = gt.map((value, i) => value - (gs[i] as number));
    const length = norm(ascent);
    if (!(length > 0) || radius === 0) break;
    const away = point.map((value, i) => value + (radius / 4 / length) * (ascent[i] as number) - (start[i] as number));
    const shrink = Math.min(1, radius / norm(away));
    point = away.map((value, i) => (start[i] as number) + shrink * value);
  }
  return most;
}
