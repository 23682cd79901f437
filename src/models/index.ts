export { type Batch, batchRows, checkImages, emptyBatch, paddedBatch, paddedBatches } from "./batches.ts";
export { correct } from "./correct.ts";
export type { BatchStatistics, LayerParameters, Model, Parameters } from "./model.ts";
export { type PlainCnn, plainCnn } from "./plain-cnn.ts";
export { createModel, models } from "./registry.ts";
