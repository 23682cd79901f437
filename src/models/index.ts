export { type Batch, checkImages, emptyBatch, paddedBatch, paddedBatches } from "./batches.ts";
export { correct } from "./correct.ts";
export { namedLeaves, parametersDigest } from "./digest.ts";
export type { BatchStatistics, LayerParameters, Model, Parameters } from "./model.ts";
export { type PlainCnn, plainCnn } from "./plain-cnn.ts";
export { createModel, models } from "./registry.ts";
