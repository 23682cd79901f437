import { checkWeight, type OptimiserPenalty } from "./penalty.ts";

/**
 * Weight decay: L2 on all weights and biases, f and g, as the coefficient wd of the optimiser's `gradient + wd * p`,
 * that is (wd / 2) ||p||^2 added to the loss.
 *
 * Vanilla training has 5e-4 from its schedule. This method's strength replaces that number, so strength 5e-4 is
 * vanilla and strength 0 is no decay at all. Source: Xu et al. 2022.
 */
export function weightDecayPenalty(strength: number): OptimiserPenalty {
  checkWeight("wd", strength);
  return { through: "optimiser", kind: "wd", strength, weightDecay: strength };
}
