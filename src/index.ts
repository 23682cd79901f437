/** The library's public face: what a study file, a model or an analysis of one's own needs. */
export { type Ball, type PgdConfig, pgd, type Verdicts } from "./attacks/index.ts";
export { InputError, type Tensor, type Tree } from "./base/index.ts";
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
export { evaluate, type Measured, relativeTransfer, relativeTransferAccuracy } from "./metrics/index.ts";
export { createModel, type Model, models, type Parameters } from "./models/index.ts";
export { openStore, type Store } from "./store/index.ts";
export { defineStudy, expandStudy, type Row, type Study, type Trial, trialId } from "./studies/index.ts";
export { train } from "./training/index.ts";
export { transfer } from "./transfer/index.ts";
