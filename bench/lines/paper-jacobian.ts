import { grad, jvp, lax, np, type Traced } from "../../src/engine/index.ts";
import type { LossPenalty } from "../../src/regularizers/index.ts";

/**
 * Jacobian regularisation as the paper's released code has it: strength * mean_b || d/dx_b mean_b' ||f(x_b')||_2 ||_2,
 * one direction, not squared, and the smaller the larger the batch. Features [batch, size], images in [0, 1].
 *
 * With h(x) = mean_b ||f(x_b)|| and g = grad h, the sum of ||g_b|| is <u, g>, u_b = g_b / ||g_b||, and so is its
 * derivative with u held fixed: that of jvp(h; x, u), reverse over forward.
 */
export function paperJacobianPenalty(strength: number): LossPenalty {
  return {
    through: "loss",
    kind: "paper-jr",
    strength,
    draw: () => [],
    term({ model, parameters, images }) {
      const meanNorm = (x: Traced) => np.mean(lengths(model.features(parameters.f, x), [1]));
      const gradient = lax.stopGradient(grad(meanNorm)(images)); // [batch, channels, height, width]
      const directions = np.divide(gradient, lengths(gradient, [1, 2, 3]));
      const [, sum] = jvp(meanNorm, [images], [lax.stopGradient(directions)]);
      return np.multiply(sum, strength / (images.shape[0] ?? 1));
    },
  };
}

/** Euclidean lengths over the axes, which stay with length 1; at least 1e-12, so that nothing is divided by zero. */
function lengths(x: Traced, axes: number[]): Traced {
  return np.sqrt(np.maximum(np.sum(np.square(x), axes, { keepdims: true }), 1e-24));
}
