export { bcaInterval, quantile } from "./bootstrap.ts";
export { canonicalJson, digestBytes, identity, type Json } from "./digests.ts";
export {
  diskError,
  makeFolder,
  moveInPlace,
  onDisk,
  readWhole,
  removeAbandoned,
  temporaryName,
  writeWhole,
} from "./disk.ts";
export { choose, InputError, nearest, UnreachableError, unknownName } from "./errors.ts";
export { importOwn } from "./import-own.ts";
export { normalCdf, normalQuantile } from "./normal.ts";
export { type NumberFormat, numberFormats } from "./number-formats.ts";
export { blockTrend, pageTrend, type Trend, type TrendBlock } from "./page-trend.ts";
export { kendallTau, ranks, spearman } from "./rank-correlation.ts";
export { type Report, type ReportFigure, type ReportTable, reportMarkdown, reportPage } from "./report-page.ts";
export { permutation, type RandomStream, randomStream, seedFor } from "./seeds.ts";
export { type Interval, mean, meanInterval, standardDeviation, wilsonInterval } from "./statistics.ts";
export { studentCdf, studentQuantile } from "./student.ts";
export { type SymmetricEigen, symmetricEigen } from "./symmetric-eigen.ts";
export {
  checkShape,
  type DType,
  dropSpareBuffers,
  float32,
  free,
  isTensor,
  leavesOf,
  mapLeaves,
  sizeOf,
  type Tensor,
  type TensorData,
  type Tree,
  takeBuffer,
  tensor,
} from "./tensors.ts";
export { dot, norm } from "./vectors.ts";
