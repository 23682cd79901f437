import { np, type Traced } from "../engine/index.ts";
import { gradientNorms, rowNorms } from "./gradient-norms.ts";
import { checkWeight, type LossPenalty } from "./penalty.ts";

/** The batch size of the paper's released code, at which its strengths were chosen. */
const codeBatch = 128;

/**
 * The Jacobian term of the paper's released code: strength / 128 * mean over the batch of || grad_x ||f(x)||_2 ||_2,
 * f the features, pixels in [0, 1]. One direction of the Jacobian (the features' own), unsquared.
 *
 * Source: AI-secure/transferability-versus-robustness, train_reg.py, METHOD "jac-reg":
 * lambda * mean_b || d/dx_b mean_b' ||f(x_b')||_2 ||_2. Its trap: the inner mean makes each example's gradient 1/B of
 * what it looks like, so that lambda = 100 acts as 0.78 at B = 128, and as half of it at B = 256. We fix B = 128 in this
 * factor: at that batch size the term equals the code's, and a strength means the same at every other one.
 */
export function jacobianCodePenalty(strength: number): LossPenalty {
  checkWeight("jr-code", strength);
  return {
    through: "loss",
    kind: "jr-code",
    strength,
    draw: () => [],
    term({ model, parameters, images }) {
      const total = (x: Traced) => np.sum(rowNorms(model.features(parameters.f, x)));
      return np.multiply(gradientNorms(total, images), strength / (codeBatch * (images.shape[0] ?? 1)));
    },
  };
}
