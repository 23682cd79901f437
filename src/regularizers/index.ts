export { type JacobianOptions, jacobianPenalty } from "./jacobian.ts";
export type { LossPenalty, OptimiserPenalty, Penalty, PenaltyInput, PenaltyOptions } from "./penalty.ts";
export { penalties } from "./registry.ts";
export { weightDecayPenalty } from "./weight-decay.ts";
