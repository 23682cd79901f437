export type { Estimate, IntervalKind } from "./estimates.ts";
export { type Evaluation, type EvaluationOptions, evaluate } from "./evaluate.ts";
export { type Measured, pooled } from "./measured.ts";
export { meanPerClass, meanPerClassInterval, type PerClass } from "./per-class.ts";
export {
  measurePredictors,
  type PredictorData,
  type PredictorInfo,
  type PredictorName,
  targetPredictors,
} from "./predictors/index.ts";
export { type Ranking, rankCandidates } from "./ranking.ts";
export {
  latestRows,
  relativeTransfer,
  relativeTransferAccuracy,
  relativeTransferByTrial,
  type TransferPoint,
  type TransferRow,
} from "./relative-transfer.ts";
export { robustness } from "./robustness.ts";
