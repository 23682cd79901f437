import { InputError, type RandomStream } from "../base/index.ts";
import { np, type Traced } from "../engine/index.ts";

/** The set an adversarial image must lie in: `norm`(x' - x) <= eps, pixels in [0, 1]. */
export interface Ball {
  readonly norm: "l2" | "linf";
  /** Radius, pixels in [0, 1]. */
  readonly eps: number;
}

export function checkBall({ norm, eps }: Ball): void {
  if (norm !== "l2" && norm !== "linf")
    throw new InputError(`attack: norm: expected l2 or linf, got ${JSON.stringify(norm)}`);
  if (!(eps >= 0) || !Number.isFinite(eps))
    throw new InputError(`attack: eps: expected a number of at least 0, got ${eps}`);
}

/**
 * Uniform offsets in the ball, `count` rows of `size` numbers each. linf: each number uniform in [-eps, eps].
 * l2: a normal direction at radius eps u^(1/size), u uniform, which is uniform in the volume.
 */
export function offsetsInBall({ norm, eps }: Ball, count: number, size: number, stream: RandomStream): Float32Array {
  const offsets = new Float32Array(count * size);
  if (norm === "linf") return offsets.map(() => eps * (2 * stream.uniform() - 1));
  for (let b = 0; b < count; b++) {
    const row = offsets.subarray(b * size, (b + 1) * size);
    let squares = 0;
    for (let i = 0; i < size; i++) {
      const value = stream.normal();
      row[i] = value;
      squares += value * value;
    }
    const scale = (eps * stream.uniform() ** (1 / size)) / Math.sqrt(squares);
    for (let i = 0; i < size; i++) row[i] = (row[i] ?? 0) * scale;
  }
  return offsets;
}

/**
 * The nearest point of the ball around `images`, then of the box [0, 1]. The box holds `images`, so clipping to it
 * brings each pixel nearer to its own and never leaves the ball.
 * images, candidates [batch, channels, height, width] -> the same shape.
 */
export function project({ norm, eps }: Ball, images: Traced, candidates: Traced): Traced {
  const offset = np.subtract(candidates, images);
  const inside = norm === "linf" ? np.clip(offset, -eps, eps) : np.multiply(offset, shrink(offset, eps));
  return np.clip(np.add(images, inside), 0, 1);
}

/**
 * The direction of steepest ascent in the norm: the sign of the gradient, or the gradient at length 1.
 * Rows are first divided by their largest component, so that the squares of small gradients do not vanish in float32; a
 * gradient that is all zero stays zero instead of turning into NaN.
 */
export function steepest({ norm }: Ball, gradient: Traced): Traced {
  if (norm === "linf") return np.sign(gradient);
  const largest = np.max(np.abs(gradient), [1, 2, 3], { keepdims: true }); // [batch, 1, 1, 1]
  const scaled = np.multiply(gradient, np.reciprocal(np.where(np.greater(largest, 0), largest, 1)));
  const length = np.sqrt(np.sum(np.square(scaled), [1, 2, 3], { keepdims: true })); // 0 or at least 1
  return np.multiply(scaled, np.reciprocal(np.maximum(length, 1)));
}

/** min(1, eps / ||offset||_2) for each example, [batch, 1, 1, 1]. */
function shrink(offset: Traced, eps: number): Traced {
  if (eps === 0) return np.zeros([offset.shape[0] ?? 0, 1, 1, 1]);
  const length = np.sqrt(np.sum(np.square(offset), [1, 2, 3], { keepdims: true }));
  return np.multiply(np.reciprocal(np.maximum(length, eps)), eps);
}
