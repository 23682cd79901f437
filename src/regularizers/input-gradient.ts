import { crossEntropy, np, type Traced } from "../engine/index.ts";
import { squaredGradientNorms } from "./gradient-norms.ts";
import { checkWeight, type LossPenalty } from "./penalty.ts";

/**
 * Input-gradient penalty, or double backpropagation: strength * mean over the batch of ||grad_x l_b||_2^2, where l_b is
 * the cross-entropy of one example in nats and x its pixels in [0, 1].
 *
 * Source: Drucker and LeCun 1992 (squared norm of the loss's gradient); Ross and Doshi-Velez 2018 for robustness, who
 * sum over the batch where we take the mean.
 */
export function inputGradientPenalty(strength: number): LossPenalty {
  checkWeight("input-gradient", strength);
  return {
    through: "loss",
    kind: "input-gradient",
    strength,
    draw: () => [],
    term({ model, parameters, images, labels }) {
      const total = (x: Traced) => {
        const logits = model.logits(parameters.g, model.features(parameters.f, x));
        return np.sum(crossEntropy(logits, labels));
      };
      return np.multiply(squaredGradientNorms(total, images), strength / (images.shape[0] ?? 1));
    },
  };
}
