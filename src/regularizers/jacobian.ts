import { float32, InputError, type RandomStream, type Tensor } from "../base/index.ts";
import { np, type Traced } from "../engine/index.ts";
import type { Model } from "../models/index.ts";
import { squaredGradientNorms } from "./gradient-norms.ts";
import { checkWeight, type LossPenalty } from "./penalty.ts";

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
  checkWeight("jr", strength);
  if (projections !== -1 && !(Number.isInteger(projections) && projections > 0))
    throw new InputError(`jr: projections: expected a whole number above 0, or -1 for exact, got ${projections}`);
  return {
    through: "loss",
    kind: "jr",
    strength,
    draw: (model, batch, stream) =>
      Array.from({ length: Math.max(0, projections) }, () => unitVectors(batch, model.featureSize, stream)),
    term({ model, parameters, images }, drawn) {
      const directions = projections === -1 ? basis(model) : drawn;
      const factor = projections === -1 ? 1 : model.featureSize / projections;
      const sums = directions.map((direction) => {
        const along = (x: Traced) => np.sum(np.multiply(direction, model.features(parameters.f, x)));
        return squaredGradientNorms(along, images); // sum over the batch of ||v_b' J_b||^2
      });
      const total = sums.reduce((sum, next) => np.add(sum, next));
      return np.multiply(total, (strength * factor) / (images.shape[0] ?? 1));
    },
  };
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
