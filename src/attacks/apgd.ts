import { type RandomStream, randomStream, seedFor } from "../base/index.ts";
import type { Ball } from "./ball.ts";
import type { LossName } from "./losses.ts";
import { climbed, projectOnto } from "./neighbourhood.ts";
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
 * Targeted losses run once for each of the likeliest other classes. Differs from the authors' code in nothing but this:
 * after a return to the best point, momentum is taken from the iterate before it, as algorithm 1 has it.
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
  const length = norm === "l2" ? Math.hypot(...offset) : offset.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const start = offset.map((value, i) => (image[i] as number) + (eps * value) / length);
  return projectOnto({ norm, eps }, image, start);
}
