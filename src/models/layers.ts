import { randomStream, seedFor, sizeOf, type Tensor, tensor } from "../base/index.ts";
import type { LayerParameters } from "./model.ts";

/**
 * PyTorch's default initialisation of Conv2d and Linear: weight and bias uniform in +-1 / sqrt(fanIn).
 * For the weight this is `kaiming_uniform_(a = sqrt(5))`: bound = sqrt(6 / ((1 + a^2) fanIn)) = 1 / sqrt(fanIn).
 * Source: torch.nn.modules.linear and conv, `reset_parameters`. Each tensor has a named seed of its own.
 */
export function initialiseLayer(
  seed: number,
  name: string,
  weightShape: readonly number[],
): LayerParameters<Tensor<"float32">> {
  const [outputs = 0, ...inputs] = weightShape;
  const bound = 1 / Math.sqrt(sizeOf(inputs));
  const draw = (what: string, shape: readonly number[]) => {
    const stream = randomStream(seedFor(seed, "init", name, what));
    const data = new Float32Array(sizeOf(shape));
    for (let i = 0; i < data.length; i++) data[i] = bound * (2 * stream.uniform() - 1);
    return tensor("float32", shape, data);
  };
  return { weight: draw("weight", weightShape), bias: draw("bias", [outputs]) };
}
