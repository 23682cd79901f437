import { float32, InputError, type RandomStream, type Tensor } from "../base/index.ts";
import { grad, jvp, lax, np, type Traced } from "../engine/index.ts";
import type { Model } from "../models/index.ts";
import type { LossPenalty, PenaltyInput } from "./penalty.ts";

export interface JacobianOptions {
  /** Random unit projections an example and step; -1 is the exact norm, one backward pass a feature. */
  readonly projections?: number;
}

/**
 * Jacobian regularisation: strength * mean over the batch of ||J||_F^2, where J = d f(x) / d x is the Jacobian of the
 * features [featureSize, pixels] at one image, pixels in [0, 1].
 *
 * With n projections each example gets the unbiased estimate d / n * sum_i ||v_i' J||^2, d = featureSize, v_i uniform
 * on the unit sphere. -1 sums over all d basis vectors instead and is exact.
 *
 * Source: Xu et al. 2022 (the squared norm of the feature extractor's Jacobian); the estimator is Hoffman, Roberts and
 * Yaida 2019, who use logits and a factor 1/2. The paper's released code differs: one direction, unsquared, and its
 * strength shrinks with the batch.
 */
export function jacobianPenalty(strength: number, { projections = 1 }: JacobianOptions = {}): LossPenalty {
  if (!(strength >= 0) || !Number.isFinite(strength))
    throw new InputError(`jr: strength: expected a number of at least 0, got ${strength}`);
  if (projections !== -1 && !(Number.isInteger(projections) && projections > 0))
    throw new InputError(`jr: projections: expected a whole number above 0, or -1 for exact, got ${projections}`);
  return {
    through: "loss",
    kind: "jr",
    strength,
    draw: (model, batch, stream) =>
      Array.from({ length: Math.max(0, projections) }, () => unitVectors(batch, model.featureSize, stream)),
    term(input, drawn) {
      const { model, images } = input;
      const directions = projections === -1 ? basis(model) : drawn;
      const factor = projections === -1 ? 1 : model.featureSize / projections;
      const sums = directions.map((direction) => squaredGradientNorm(input, direction));
      const total = sums.reduce((sum, next) => np.add(sum, next));
      return np.multiply(total, (strength * factor) / (images.shape[0] ?? 1));
    },
  };
}

/**
 * sum over the batch of ||v_b' J_b||^2 with its gradient for the parameters.
 *
 * Let g = grad_x <v, f(x)>. Since d ||g||^2 = 2 <g, dg>, the gradient is that of s = jvp(<v, f>; x, 2 g) with g held
 * fixed: reverse over forward, which needs far less memory than reverse over reverse. And s itself is 2 ||g||^2, so
 * s - stopGradient(s) / 2 has both the value and the gradient of ||g||^2.
 */
function squaredGradientNorm({ model, parameters, images }: PenaltyInput, direction: Traced): Traced {
  const along = (x: Traced) => np.sum(np.multiply(direction, model.features(parameters.f, x)));
  const gradient = lax.stopGradient(grad(along)(images)); // [batch, channels, height, width]
  const [, s] = jvp(along, [images], [np.multiply(gradient, 2)]);
  return np.subtract(s, np.multiply(lax.stopGradient(s), 0.5));
}

/** Rows uniform on the unit sphere, [batch, size]. */
function unitVectors(batch: number, size: number, stream: RandomStream): Tensor<"float32"> {
  const rows = new Float64Array(batch * size);
  for (let b = 0; b < batch; b++) {
    const row = rows.subarray(b * size, (b + 1) * size);
    let squares = 0;
    for (let i = 0; i < size; i++) {
      const value = stream.normal();
      row[i] = value;
      squares += value * value;
    }
    const length = Math.sqrt(squares);
    for (let i = 0; i < size; i++) row[i] = (row[i] ?? 0) / length;
  }
  return float32([batch, size], rows);
}

/** The d basis vectors, each [1, featureSize]: it broadcasts over the batch. */
function basis({ featureSize }: Model): readonly Traced[] {
  return Array.from({ length: featureSize }, (_, k) =>
    np.reshape(np.array(Array.from({ length: featureSize }, (_, j) => (j === k ? 1 : 0))), [1, featureSize]),
  );
}
