export { type Compiled, type CompileOptions, compile } from "./compile.ts";
export { type EngineName, type OnednnState, onednnState, usedEngines } from "./executors.ts";
export { encodeOnnx } from "./export-onnx.ts";
export { averagePool, conv2d, crossEntropy, linear, maxPool, oneHot, relu } from "./layers.ts";
export { digestTensors, digestTree, flattenTree, type NamedTensors, unflattenTree } from "./named-tensors.ts";
export { cast, grad, jvp, lax, nn, np, type Traced, tree, valueAndGrad, vjp, vmap } from "./numpy.ts";
export { decodeOnnx, type FileNode, type OnnxFile } from "./onnx-file.ts";
export { type OnnxSession, openOnnx } from "./onnx-session.ts";
export type { Device } from "./onnxruntime.ts";
export { multiStep, type SgdOptions, sgdMomentum } from "./optimizers.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  type Safetensors,
  writeSafetensors,
} from "./safetensors.ts";
