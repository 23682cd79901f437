import { np } from "../engine/index.ts";
import { rowNorms } from "./gradient-norms.ts";
import { checkWeight, type LossPenalty } from "./penalty.ts";

/**
 * Last-layer norm (LLR): strength * ||W||_F, unsquared, W [classes, featureSize] the head's weight without its bias.
 * It is added to the schedule's weight decay, which acts on the head as well.
 *
 * Source: Xu et al. 2022, released code, train_reg.py, METHOD "last-reg" (its example: 0.01).
 */
export function lastLayerNormPenalty(strength: number): LossPenalty {
  checkWeight("llr", strength);
  return {
    through: "loss",
    kind: "llr",
    strength,
    draw: () => [],
    term({ parameters }) {
      const norm = rowNorms(np.reshape(parameters.g.weight, [1, -1])); // [1]
      return np.multiply(np.sum(norm), strength);
    },
  };
}
