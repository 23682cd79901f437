import type { Ball } from "./ball.ts";

const most = 60;

/**
 * The point of the box [0, 1]^d on the hyperplane w x + b = 0 that is nearest to `point` in the norm; when the plane
 * misses the box, the corner of the box nearest to the plane.
 *
 * l2: x_i(r) = clip(x_i - r w_i); linf: x_i(r) = clip(x_i - r sign(w_i)). Either way w x(r) + b is piecewise linear and
 * convex as r grows from 0 towards the plane, since pixels only ever stop at the box, so Newton's method from r = 0 reaches
 * the root from one side in as many steps as there are pieces to cross, and usually in a few.
 */
export function ontoHyperplane(norm: Ball["norm"], point: Float32Array, w: Float32Array, b: number): Float32Array {
  const out = point.slice();
  let value = b;
  let scale = Math.abs(b);
  for (let i = 0; i < w.length; i++) {
    const term = (w[i] as number) * (point[i] as number);
    value += term;
    scale += Math.abs(term);
  }
  const side = Math.sign(value);
  if (side === 0 || !Number.isFinite(value)) return out;
  let r = 0;
  for (let iteration = 0; iteration < most; iteration++) {
    // How fast the value falls with r: pixels at the box have stopped.
    let slope = 0;
    for (let i = 0; i < w.length; i++) {
      const weight = w[i] as number;
      if (weight === 0) continue;
      const goesDown = side * weight > 0;
      const at = out[i] as number;
      if (goesDown ? at > 0 : at < 1) slope += norm === "l2" ? weight * weight : Math.abs(weight);
    }
    if (slope === 0) break;
    r += Math.abs(value) / slope;
    value = b;
    for (let i = 0; i < w.length; i++) {
      const weight = w[i] as number;
      const pace = norm === "l2" ? weight : Math.sign(weight);
      const moved = Math.min(1, Math.max(0, (point[i] as number) - side * r * pace));
      out[i] = moved;
      value += weight * moved;
    }
    if (side * value <= 1e-7 * scale) break;
  }
  return out;
}
