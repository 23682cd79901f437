export {
  type AugmentationEffect,
  augmentationEffect,
  augmentationVerdict,
  crossEntropyLoss,
  type MeanOverImages,
  type OutputLoss,
  squaredLoss,
} from "./augmentation.ts";
export { type BestHead, bestHead, headNorm } from "./best-head.ts";
export { type FamilyMember, type TheoryBound, type TheoryOptions, type TheoryPoint, theoryBound } from "./bound.ts";
export { type Atom, type Counterexample, counterexample, type FeatureFacts } from "./counterexample.ts";
export { rademacherEstimate } from "./rademacher.ts";
export { ridgeClassifier } from "./ridge-classifier.ts";
export { type SavedBound, savedBoundFile } from "./saved-bound.ts";
