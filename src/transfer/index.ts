export { type ExtractionOptions, extractFeatures } from "./extract-features.ts";
export { drawPerClass, type FewShotDraw, type FewShotOptions, fewShot } from "./few-shot.ts";
export { fineTune, fineTuningSchedule, headGradientNorm } from "./fine-tune.ts";
export { bestFit, fitHeads, type HeadFit, penalisedLoss } from "./fit-head.ts";
export { type Evaluated, lbfgs } from "./lbfgs.ts";
export { featureRows, rightAnswers } from "./predictions.ts";
export { type Head, type LabelledFeatures, softmaxRegression } from "./softmax-regression.ts";
export { onRawFeatures, standardisation } from "./standardisation.ts";
export { headOnHost, headTensors, type TransferOptions, type Transferred, transfer } from "./transfer.ts";
