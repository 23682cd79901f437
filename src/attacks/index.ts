export { type Judged, judge } from "./ascend.ts";
export { offsetsInBall } from "./ball.ts";
export { type PgdConfig, type PgdOptions, type PgdStep, pgd } from "./pgd.ts";
export type { Verdicts } from "./verdicts.ts";
