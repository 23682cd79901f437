export { withBatchStatistics, withRunningStatistics } from "./batch-norm.ts";
export { type Batch, batchRows, checkImages, emptyBatch, paddedBatches } from "./batches.ts";
export { blocksOf, layersBefore } from "./blocks.ts";
export { correct } from "./correct.ts";
export { modelToOnnx, saveModel } from "./export-model.ts";
export type { ImportOptions } from "./import/index.ts";
export { initialiseLayer } from "./layers.ts";
export { architectureWords, type LoadedModel, loadModel, parametersLike } from "./load.ts";
export type {
  BatchStatistics,
  ConvolutionParameters,
  LayerParameters,
  Model,
  NormParameters,
  Parameters,
} from "./model.ts";
export {
  type LiftedBackbone,
  liftBackbone,
  loadOnnx,
  normalised,
  type OnnxBackbone,
  type OnnxOptions,
  pooledVectors,
  readBackbone,
} from "./onnx/load-onnx.ts";
export { plainCnn } from "./plain-cnn.ts";
export { createModel, models } from "./registry.ts";
export { resnet } from "./resnet.ts";
export type { ResnetDescription } from "./resnet-layout.ts";
