/** Small versions of every plain CNN, small enough for finite differences. */
import { float32, randomStream, seedFor, sizeOf, type Tensor, tensor } from "../../src/base/index.ts";
import { type Parameters, plainCnn, type ResnetDescription } from "../../src/models/index.ts";
import { type Leaf64, mapParameters } from "./reference-cnn.ts";

export const side = 8;

export const tinyModels = [
  {
    convolutions: [2, 2],
    model: plainCnn({
      name: "cifar-cnn, tiny",
      stages: [
        [3, 3],
        [4, 4],
      ],
      dense: [6, 5],
      classes: 3,
      side,
    }),
  },
  {
    convolutions: [1, 1, 1],
    model: plainCnn({ name: "small-cnn, tiny", stages: [[3], [4], [4]], dense: [5], classes: 3, side }),
  },
];

/** Two stages of one basic block, width 4: everything that a large residual network has. */
export const tinyResnet: ResnetDescription = {
  stem: "cifar",
  width: 4,
  blocks: [1, 1],
  block: "basic",
  shortcut: "projection",
  side: 32,
  normaliser: { mean: [0.4914, 0.4822, 0.4465], deviation: [0.2023, 0.1994, 0.201] },
};

export function randomImages(n: number, seed: number, size = side): Tensor<"float32"> {
  const stream = randomStream(seedFor(seed, "images"));
  const shape = [n, 3, size, size];
  return float32(
    shape,
    Float64Array.from({ length: sizeOf(shape) }, () => stream.uniform()),
  );
}

export function labels(...values: number[]): Tensor<"int32"> {
  return tensor("int32", [values.length], Int32Array.from(values));
}

/** A random direction in parameter space, with each leaf's entries standard normal. */
export function randomDirection(parameters: Parameters<Tensor<"float32">>, seed: number): Parameters<Leaf64> {
  return mapParameters(parameters, ({ shape, data }, path) => {
    const stream = randomStream(seedFor(seed, "direction", path));
    return { shape, data: Float64Array.from(data, () => stream.normal()) };
  });
}

/** base + step * direction. */
export function moved(base: Parameters<Leaf64>, direction: Parameters<Leaf64>, step: number): Parameters<Leaf64> {
  const along = new Map<string, Float64Array>();
  mapParameters(direction, (leaf, path) => along.set(path, leaf.data));
  return mapParameters(base, ({ shape, data }, path) => ({
    shape,
    data: data.map((value, i) => value + step * (along.get(path)?.[i] ?? 0)),
  }));
}

/** <gradient, direction>. */
export function inner(gradient: Parameters<Tensor<"float32">>, direction: Parameters<Leaf64>): number {
  let sum = 0;
  const along = new Map<string, Float64Array>();
  mapParameters(direction, (leaf, path) => along.set(path, leaf.data));
  mapParameters(gradient, ({ data }, path) => {
    for (const [i, value] of data.entries()) sum += value * (along.get(path)?.[i] ?? 0);
  });
  return sum;
}

/** Central difference of order four: error O(h^4), so h may be large enough for float64. */
export function derivative(at: (step: number) => number, h = 1e-6): number {
  return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
}
