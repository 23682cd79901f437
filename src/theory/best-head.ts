import { dot, norm } from "../base/index.ts";
import { inverseCurvatureBound } from "../transfer/curvature-bound.ts";
import {
  type Evaluated,
  type Head,
  headAt,
  headVector,
  type LabelledFeatures,
  lbfgs,
  onRawFeatures,
  softmaxRegression,
} from "../transfer/index.ts";
import { onStandardisedHead, type Standardisation } from "../transfer/standardisation.ts";

/** The best head in the ball, with a proof of how good it is. */
export interface BestHead {
  /** Mean cross-entropy in nats of the head that was found: an upper bound of the infimum. */
  readonly loss: number;
  /** The infimum over the ball is at least loss - gap. */
  readonly gap: number;
  /** ||(W, b)|| of the head in the ball's coordinates. */
  readonly norm: number;
  readonly head: Head;
}

/**
 * inf over heads g with ||(W, b)||_F <= radius, in the given coordinates of the features, of the mean cross-entropy:
 * convex, so it can be solved to a stated gap. By convexity every head g, in the ball or not, proves that none in the ball
 * is better than L(g) - <grad L(g), g> - radius * ||grad L(g)|| (Frank and Wolfe's bound), nor than 0.
 *
 * Heads are found along the path of L + mu / 2 ||g||^2: for its minimum the gap is mu ||g|| (radius - ||g||), so mu is
 * lowered until the gap is small, and bisected where the norm passes the radius. A search ends early where what it has
 * seen suffices, or where mu's strong convexity shows that the minimum lies outside: it is within ||gradient|| / mu.
 */
export function bestHead(
  data: LabelledFeatures,
  coordinates: Standardisation,
  { classes, radius, gap: wanted = 1e-2 }: { readonly classes: number; readonly radius: number; readonly gap?: number },
): BestHead {
  const preconditionFor = inverseCurvatureBound(data, coordinates);
  const start: Float64Array = new Float64Array(classes * (data.size + 1));
  let best = { loss: Number.POSITIVE_INFINITY, point: start };
  let lower = 0;
  /** The loss with its gradient; what it proves is kept. */
  const look = (point: Float64Array) => {
    const { value, gradient } = lossAt(data, coordinates, point);
    lower = Math.max(lower, value - dot(gradient, point) - radius * norm(gradient));
    if (value < best.loss && norm(point) <= radius) best = { loss: value, point };
    return { value, gradient };
  };
  const solved = () => best.loss - lower <= wanted;
  look(start);
  let tooStrong = { mu: 1, point: start };
  let tooWeak: number | undefined;
  for (let step = 0, mu = 0.1; step < 40 && !solved(); step++) {
    const search = lbfgs((at) => withPenalty(look(at), mu, at), tooStrong.point, {
      tolerance: wanted / (50 * Math.max(1, radius)),
      maxIterations: 200,
      precondition: preconditionFor(mu),
    });
    let next = search.next();
    while (!next.done && !solved() && !isOutside(next.value, mu, radius)) next = search.next();
    const { point } = next.value;
    const length = norm(point);
    if (length > radius) {
      tooWeak = mu;
      look(point.map((value) => (value * radius) / length));
    } else tooStrong = { mu, point };
    mu = tooWeak === undefined ? mu / 10 : Math.sqrt(tooStrong.mu * tooWeak);
  }
  return {
    loss: best.loss,
    gap: Math.max(0, best.loss - lower),
    norm: norm(best.point),
    head: onRawFeatures(headAt(best.point, data.size), coordinates),
  };
}

/** Whether the penalised minimum is certain to be longer than the radius: the point is within ||gradient|| / mu of it. */
const isOutside = ({ point, gradient }: { point: Float64Array; gradient: Float64Array }, mu: number, radius: number) =>
  norm(point) - norm(gradient) / mu > radius;

/** Mean cross-entropy of a head on standardised features, and its gradient there. */
function lossAt(data: LabelledFeatures, coordinates: Standardisation, point: Float64Array): Evaluated {
  const measured = softmaxRegression(data, onRawFeatures(headAt(point, data.size), coordinates));
  return { value: measured.loss, gradient: headVector(onStandardisedHead(measured.gradient, coordinates)) };
}

/** The same with mu / 2 ||(W, b)||^2 more. */
const withPenalty = ({ value, gradient }: Evaluated, mu: number, point: Float64Array): Evaluated => ({
  value: value + (mu / 2) * dot(point, point),
  gradient: gradient.map((each, i) => each + mu * (point[i] as number)),
});

/** ||(W, b)||_F, in the coordinates, of a head on raw features; features without deviation are left out. */
export function headNorm({ weight, bias }: Head, { mean, scale }: Standardisation): number {
  const size = mean.length;
  const squares = weight.map((value, i) => {
    const s = scale[i % size] as number;
    return s > 0 ? (value / s) ** 2 : 0;
  });
  const shifted = bias.map((value, k) => {
    let sum = value;
    for (let j = 0; j < size; j++) sum += (weight[k * size + j] as number) * (mean[j] as number);
    return sum * sum;
  });
  const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
  return Math.sqrt(total(squares) + total(shifted));
}
