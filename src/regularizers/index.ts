export { inputGradientPenalty } from "./input-gradient.ts";
export { jacobianPenalty } from "./jacobian.ts";
export { jacobianCodePenalty } from "./jacobian-code.ts";
export { lastLayerNormPenalty } from "./last-layer-norm.ts";
export { orthogonalLastLayer } from "./orthogonal-last-layer.ts";
export type { HeadConstraint, LossPenalty, LossTerm, Penalty, PenaltyInput, TermInput } from "./penalty.ts";
export { penalties } from "./registry.ts";
export { spectralNormPenalty } from "./spectral-norm.ts";
export { weightDecayPenalty } from "./weight-decay.ts";
