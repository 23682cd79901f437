export { type ExtractionOptions, extractFeatures } from "./extract-features.ts";
export { type FineTuned, fineTune, fineTuningSchedule, headGradientNorm } from "./fine-tune.ts";
export { bestFit, type FitOptions, fitHeads, type HeadFit, penalisedLoss } from "./fit-head.ts";
export { type Evaluated, type LbfgsOptions, lbfgs, type Minimum } from "./lbfgs.ts";
export { type Head, type LabelledFeatures, softmaxRegression } from "./softmax-regression.ts";
export { onRawFeatures, type Standardisation, standardisation } from "./standardisation.ts";
export { type TransferOptions, type Transferred, transfer } from "./transfer.ts";
