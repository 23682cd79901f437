export { claimsMarkdown, claimsPage } from "./claims-report.ts";
export { claimsTables } from "./claims-tables.ts";
export { familyOf } from "./family.ts";
export { type Judgement, judge } from "./judge.ts";
export { gap, robustness, targetAccuracy } from "./transfer-quantities.ts";
export { trendsOf } from "./trends.ts";
export type { Verdict } from "./verdicts.ts";
