import { grad, jvp, lax, np, type Traced } from "../engine/index.ts";

/** A sum over the batch of one number h_b(x_b) for each example, as a function of all images. */
type Total = (images: Traced) => Traced;

/**
 * sum over the batch of ||grad h_b||_2^2, with its gradient for whatever `total` closes over.
 *
 * Let g = grad total. Since d ||g||^2 = 2 <g, dg>, the gradient is that of s = jvp(total; x, 2 g) with g held fixed:
 * reverse over forward, which needs far less memory than reverse over reverse. And s itself is 2 ||g||^2, so
 * s - stopGradient(s) / 2 has both the value and the gradient of ||g||^2.
 */
export function squaredGradientNorms(total: Total, images: Traced): Traced {
  const gradient = lax.stopGradient(grad(total)(images)); // [batch, channels, height, width]
  const [, s] = jvp(total, [images], [np.multiply(gradient, 2)]);
  return np.subtract(s, np.multiply(lax.stopGradient(s), 0.5));
}

/**
 * sum over the batch of ||grad h_b||_2, unsquared, with its gradient for whatever `total` closes over.
 *
 * With u_b the gradient's direction, held fixed, ||g_b|| = <u_b, g_b> and d ||g_b|| = <u_b, dg_b>: both are those of
 * jvp(total; x, u). An example whose gradient is zero adds 0, and 0 to the gradient.
 */
export function gradientNorms(total: Total, images: Traced): Traced {
  const gradient = lax.stopGradient(grad(total)(images));
  const length = np.sqrt(np.sum(np.square(gradient), [1, 2, 3], { keepdims: true })); // [batch, 1, 1, 1]
  const [, sum] = jvp(total, [images], [np.multiply(gradient, np.reciprocal(np.maximum(length, 1e-15)))]);
  return sum;
}

/** ||row||_2 of each row, with derivative 0 where it is 0. rows [n, size] -> [n]. */
export function rowNorms(rows: Traced): Traced {
  const squares = np.sum(np.square(rows), 1);
  const present = np.greater(squares, 0);
  return np.where(present, np.sqrt(np.where(present, squares, 1)), 0);
}
