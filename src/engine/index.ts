export { averagePool, conv2d, crossEntropy, linear, maxPool, oneHot, relu } from "./layers.ts";
export { cast, grad, jvp, lax, nn, np, type Traced, tree, valueAndGrad, vjp, vmap } from "./numpy.ts";
export { multiStep, type SgdOptions, sgdMomentum } from "./optimizers.ts";
