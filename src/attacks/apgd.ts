import { type RandomStream, randomStream, seedFor } from "../base/index.ts";
import type { Ball } from "./ball.ts";
import type { LossName } from "./losses.ts";
import { climbed, distance, projectOnto } from "./neighbourhood.ts";
import { likeliestOthers, lossOf } from "./scores.ts";
import type { Example, Query, Search } from "./search.ts";

export interface ApgdSettings extends Ball {
  readonly steps: number;
  readonly restarts: number;
  readonly loss: LossName;
  /** How many classes a targeted loss aims at, the likeliest first; each takes `steps`. */
  readonly targets: number;
}

/** The share of the new step in the next iterate; the rest is momentum. */
const alpha = 0.75;
/** The share of steps since the last checkpoint that must have raised the loss. */
const rho = 0.75;

/**
 * Auto-PGD (Croce and Hein, ICML 2020, algorithm 1): no step size to choose. It begins with 2 eps and is halved at
 * checkpoints where the loss did not keep rising, and then the search goes on from the best point.
 *
 * Targeted losses run once for each of the likeliest other classes. Where the authors' code departs from algorithm 1 we
 * follow the algorithm: checkpoints are its shares of the steps, rounded up (22, 41, 57, 70, 80, 87, 93, 99 of 100 in both; the
 * code's whole-number periods make 4, 7, 9, 10, 11, ... of 20 where the shares make 5, 9, 12, 14, 16, ...); the step is halved
 * when fewer than 75 % of the steps raised the loss (the code: 75 % or fewer); and momentum after a return to the best
 * point is taken from the iterate where the search turned back (the code: from the one before it). The losses that are
 * climbed are those of `losses`.
 */
export function* apgd({ restarts, targets, ...settings }: ApgdSettings, example: Example, seed: number): Search {
  const aims =
    settings.loss === "difference" || settings.loss === "targeted-dlr"
      ? likeliestOthers(example.logits, example.label).slice(0, targets)
      : [0];
  for (let restart = 0; restart < restarts; restart++)
    for (const target of aims) {
      const stream = randomStream(seedFor(seed, "apgd", settings.loss, target, restart, example.index));
      yield* climb(settings, example, target, stream);
    }
}

function* climb(
  { steps, loss, ...ball }: Omit<ApgdSettings, "restarts" | "targets">,
  { image, label }: Example,
  target: number,
  stream: RandomStream,
): Search {
  const query = (at: Float32Array): Query => ({ image: at, loss, target });
  const checkpoints = checkpointsOf(steps);
  let stepSize = 2 * ball.eps;
  let previous = startOf(ball, image, stream);
  const first = yield query(previous);
  let gradient: Float32Array = first.gradient.slice();
  let value = lossOf(loss, first.logits, label, target);
  let best = { point: previous, value, gradient };
  // The first step has no momentum.
  let point = projectOnto(ball, image, climbed(ball, previous, gradient, stepSize));
  let [risen, lastCheckpoint, halved, valueThen] = [0, 0, true, value];
  for (let step = 1; step <= steps; step++) {
    const answer = yield query(point);
    gradient = answer.gradient.slice();
    const next = lossOf(loss, answer.logits, label, target);
    if (next > value) risen++;
    value = next;
    if (value > best.value) best = { point, value, gradient };
    if (checkpoints.includes(step)) {
      const slow = risen < rho * (step - lastCheckpoint);
      const stuck = !halved && valueThen === best.value;
      halved = slow || stuck;
      if (halved) {
        stepSize /= 2;
        [previous, point, gradient, value] = [point, best.point, best.gradient, best.value];
      }
      [risen, lastCheckpoint, valueThen] = [0, step, best.value];
    }
    if (step === steps) break;
    const reached = projectOnto(ball, image, climbed(ball, point, gradient, stepSize));
    const mixed = new Float32Array(image.length);
    for (let i = 0; i < mixed.length; i++) {
      const at = point[i] as number;
      mixed[i] = at + alpha * ((reached[i] as number) - at) + (1 - alpha) * (at - (previous[i] as number));
    }
    previous = point;
    point = projectOnto(ball, image, mixed);
  }
}

/**
 * Steps at which the step size may be halved: p_0 = 0, p_1 = 0.22, p_{j+1} = p_j + max(p_j - p_{j-1} - 0.03, 0.06), as
 * shares of all steps, rounded up.
 */
export function checkpointsOf(steps: number): number[] {
  const shares = [0, 0.22];
  for (;;) {
    const [before = 0, last = 0] = shares.slice(-2);
    const next = last + Math.max(last - before - 0.03, 0.06);
    if (next > 1) break;
    shares.push(next);
  }
  // Shares are hundredths but for float64's rounding.
  return shares.slice(1).map((share) => Math.ceil(share * steps - 1e-9));
}

/** A random direction at the ball's edge, clipped to [0, 1]: where the authors start. */
function startOf({ norm, eps }: Ball, image: Float32Array, stream: RandomStream): Float32Array {
  const offset = Float32Array.from(image, () => (norm === "l2" ? stream.normal() : 2 * stream.uniform() - 1));
  const length = distance(norm, new Float32Array(offset.length), offset);
  const start = offset.map((value, i) => (image[i] as number) + (eps * value) / length);
  return projectOnto({ norm, eps }, image, start);
}
