export { type Batch, batchRows, checkImages, emptyBatch, paddedBatches } from "./batches.ts";
export { correct } from "./correct.ts";
export type { BatchStatistics, Model, Parameters } from "./model.ts";
export { plainCnn } from "./plain-cnn.ts";
export { createModel, models } from "./registry.ts";
