/**
 * The library's public face: what a study file, a model or an analysis of one's own needs. What is exported here keeps its
 * meaning within a major version (semantic versioning); modules below are not for import.
 */
export type { Answer, AttackName, Ball, Example, Examples, Finding, Health, Query, Search } from "./attacks/index.ts";
export { InputError, type Tensor, type Tree } from "./base/index.ts";
export { type Judgement, judge as claims, type Verdict } from "./claims/index.ts";
export { datasets, defineDataset, type LabelledImages, loadDataset, loadImageFolder } from "./datasets/index.ts";
export {
  compile,
  conv2d,
  crossEntropy,
  grad,
  jvp,
  lax,
  linear,
  maxPool,
  nn,
  np,
  readSafetensors,
  relu,
  type Traced,
  valueAndGrad,
  vjp,
  vmap,
  writeSafetensors,
} from "./engine/index.ts";
export { renderPng, renderSvg, writeFigures } from "./figures/index.ts";
export {
  type AttackModelOptions,
  type AttackOutcome,
  attack,
  type DomainOptions,
  evaluate,
  loadDomain,
  type RunStudyOptions,
  runStudy,
  type TrainedSource,
  type TrainSourceOptions,
  type TransferOutcome,
  type TransferToOptions,
  trainSource,
  transfer,
} from "./library/index.ts";
export { type Evaluation, type Measured, relativeTransfer, relativeTransferAccuracy } from "./metrics/index.ts";
export { createModel, initialiseLayer, type Model, models, type Parameters } from "./models/index.ts";
export type { LossPenalty } from "./regularizers/index.ts";
export { openStore, type Store } from "./store/index.ts";
export {
  defineStudy,
  expandStudy,
  type Row,
  type Study,
  type StudyInput,
  type Trial,
  trialId,
} from "./studies/index.ts";
