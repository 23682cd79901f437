export { type Ascended, ascend, type Judged, judge } from "./ascend.ts";
export { type Ball, checkBall, offsetsInBall, project, steepest } from "./ball.ts";
export { type PgdConfig, type PgdOptions, type PgdStep, pgd } from "./pgd.ts";
export type { Verdicts } from "./verdicts.ts";
