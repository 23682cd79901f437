export type {
  DataFile,
  DatasetDefinition,
  DatasetOptions,
  FetchProgress,
  FileBytes,
  Source,
  SplitName,
} from "./definition.ts";
export { type FetchOptions, fetchDataset, fetchDefinition } from "./fetch.ts";
export { dataFolders } from "./folders.ts";
export { type ImageOptions, loadImageFolder } from "./image-files/load-list.ts";
export {
  bytesOf,
  concatenate,
  gather,
  gatherLabels,
  type Images,
  type LabelledImages,
  type PixelReader,
  toFloat,
} from "./images.ts";
export {
  type DatasetPresence,
  listDatasets,
  type SplitCheck,
  type SplitPresence,
  verifyDataset,
  verifyDefinition,
} from "./inspect.ts";
export { type Dataset, loadDataset, loadDefinition, type Provenance } from "./load.ts";
export { defineDataset, type LabelledFile, type OwnDefinition } from "./own/define-dataset.ts";
export { checkDataset, loadOwn } from "./own/find-own.ts";
export { datasets } from "./registry.ts";
export { fitImages } from "./resize.ts";
export { splitTrainValidation, stratifiedOrder, type TrainValidation, testSubset } from "./splits.ts";
export { threeBy32 } from "./standard-size.ts";
