export { jacobianPenalty } from "./jacobian.ts";
export type { LossPenalty, Penalty } from "./penalty.ts";
export { penalties } from "./registry.ts";
export { weightDecayPenalty } from "./weight-decay.ts";
