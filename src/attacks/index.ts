export { innerAttacks } from "./adversarial-training.ts";
export { type Judged, judge } from "./ascend.ts";
export { offsetsInBall } from "./ball.ts";
export { divergenceTerm } from "./divergence.ts";
export { type CompiledInnerAttack, compileInnerAttack, type InnerAttack } from "./inner-attack.ts";
export { type PgdConfig, type PgdOptions, type PgdStep, pgd } from "./pgd.ts";
export type { Verdicts } from "./verdicts.ts";
