export { type Compiled, type CompileOptions, compile } from "./compile.ts";
export { averagePool, conv2d, crossEntropy, linear, maxPool, oneHot, relu } from "./layers.ts";
export { cast, grad, jvp, lax, nn, np, type Traced, tree, valueAndGrad, vjp, vmap } from "./numpy.ts";
export type { Device } from "./onnxruntime.ts";
export { multiStep, type SgdOptions, sgdMomentum } from "./optimizers.ts";
