import type { RandomStream } from "../base/index.ts";
import { type Ball, offsetsInBall } from "./ball.ts";

/** The ball's geometry for one image on the host; `ball.ts` has the same for batches within a graph. */

/** The nearest point of the ball around `image`, then of the box [0, 1]: `candidate` is changed in place and returned. */
export function projectOnto({ norm, eps }: Ball, image: Float32Array, candidate: Float32Array): Float32Array {
  const scale = norm === "l2" ? Math.min(1, eps / distance("l2", image, candidate)) : 1;
  for (let i = 0; i < image.length; i++) {
    const centre = image[i] as number;
    let offset = (candidate[i] as number) - centre;
    if (norm === "linf") offset = Math.min(eps, Math.max(-eps, offset));
    // 0 / 0 where the candidate is the image itself.
    else if (scale < 1) offset *= scale;
    candidate[i] = Math.min(1, Math.max(0, centre + offset));
  }
  return candidate;
}

/** ||b - a|| in the norm. */
export function distance(norm: Ball["norm"], a: Float32Array, b: Float32Array): number {
  let sum = 0;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const offset = Math.abs((b[i] as number) - (a[i] as number));
    if (!(offset <= largest)) largest = offset;
    sum += offset * offset;
  }
  return norm === "l2" ? Math.sqrt(sum) : largest;
}

/**
 * `point` + `length` times the direction of steepest ascent in the norm: the gradient's sign, or the gradient at length
 * 1. A gradient that is zero, or not finite, moves nothing.
 */
export function climbed(
  { norm }: Pick<Ball, "norm">,
  point: Float32Array,
  gradient: Float32Array,
  length: number,
): Float32Array {
  const moved = point.slice();
  const largest = largestOf(gradient);
  if (!(largest > 0) || !Number.isFinite(largest)) return moved;
  if (norm === "linf") {
    for (let i = 0; i < moved.length; i++) moved[i] = (point[i] as number) + length * Math.sign(gradient[i] as number);
    return moved;
  }
  // Divided by the largest first: squares of small gradients vanish.
  let squares = 0;
  for (let i = 0; i < gradient.length; i++) squares += ((gradient[i] as number) / largest) ** 2;
  const factor = length / (largest * Math.sqrt(squares));
  for (let i = 0; i < moved.length; i++) moved[i] = (point[i] as number) + factor * (gradient[i] as number);
  return moved;
}

/** A point of the ball and the box, uniform in the ball before it is clipped to the box. */
export function randomStart(ball: Ball, image: Float32Array, stream: RandomStream): Float32Array {
  const started = offsetsInBall(ball, 1, image.length, stream);
  for (let i = 0; i < image.length; i++)
    started[i] = Math.min(1, Math.max(0, (image[i] as number) + (started[i] as number)));
  return started;
}

/** The largest absolute value; NaN when one of them is not a number. */
export function largestOf(values: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const value = Math.abs(values[i] as number);
    if (value > largest) largest = value;
    else if (Number.isNaN(value)) return Number.NaN;
  }
  return largest;
}

export function isInBox(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!(value >= 0 && value <= 1)) return false;
  }
  return true;
}
