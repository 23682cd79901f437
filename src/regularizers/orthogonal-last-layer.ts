import { InputError } from "../base/index.ts";
import { np, type Traced } from "../engine/index.ts";
import type { HeadConstraint } from "./penalty.ts";

export interface OrthogonalOptions {
  /** Newton iterations, T. */
  readonly iterations?: number;
}

/** Keeps the Gram matrix of a degenerate weight from vanishing, as in the released code. */
const ridge = 1e-5;

/**
 * Orthogonal last layer (LLOT): the head computes with scale * ONI(W) and its bias, W [classes, featureSize] learnt.
 * The strength is the scale, the length of each class's row: a smaller one is stronger, since logits can differ less.
 *
 * ONI: rows centred to mean 0, Z; V_0 = Z / sqrt(||Z Z' + 1e-5 I||_F); V_(t+1) = 1.5 V_t - 0.5 V_t V_t' V_t, which
 * converges to orthonormal rows; ONI(W) = V_T. T = 5 leaves the small singular values of an ill-conditioned W below 1.
 *
 * Source: Huang et al. 2020 (ONI); Xu et al. 2022, released code, train_lastot.py, scale 1. They iterate
 * B_(t+1) = 1.5 B_t - 0.5 B_t^3 S with V_t = B_t V_0, the same but for rounding, which that form lets grow. The code's
 * pitfall: the bias that was trained is lost when the layer is made a plain one at the end; here it is kept.
 */
export function orthogonalLastLayer(scale: number, { iterations = 5 }: OrthogonalOptions = {}): HeadConstraint {
  if (!(scale > 0) || !Number.isFinite(scale))
    throw new InputError(`llot: strength: expected a number above 0, got ${scale}`);
  if (!Number.isInteger(iterations) || iterations < 1)
    throw new InputError(`llot: iterations: expected a whole number of at least 1, got ${iterations}`);
  return {
    through: "head",
    kind: "llot",
    strength: scale,
    constrain: ({ weight, bias }) => ({ weight: np.multiply(orthogonalised(weight, iterations), scale), bias }),
  };
}

/** weight [n, size] -> rows of mean 0 that are as near to orthonormal as the iterations lead. */
function orthogonalised(weight: Traced, iterations: number): Traced {
  const centred = np.subtract(weight, np.mean(weight, 1, { keepdims: true }));
  const gram = np.add(np.matmul(centred, np.transpose(centred)), np.multiply(np.eye(weight.shape[0] ?? 0), ridge));
  const norm = np.sqrt(np.sum(np.square(gram)));
  let rows = np.multiply(centred, np.reciprocal(np.sqrt(norm))); // singular values at most 1
  for (let t = 0; t < iterations; t++) {
    const cubed = np.matmul(np.matmul(rows, np.transpose(rows)), rows);
    rows = np.subtract(np.multiply(rows, 1.5), np.multiply(cubed, 0.5));
  }
  return rows;
}
