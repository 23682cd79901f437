/** A plain CNN in float64 loops, written apart from src: the oracle for values and for finite differences. */
import type { Tensor } from "../../src/base/index.ts";
import type { LayerParameters, Parameters } from "../../src/models/index.ts";

/** Parameters of a network whose layers all have weight and bias. */
type Plain<Leaf> = {
  readonly f: Readonly<Record<string, LayerParameters<Leaf>>>;
  readonly g: LayerParameters<Leaf>;
};

export interface Leaf64 {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function toFloat64(parameters: Parameters<Tensor<"float32">>): Plain<Leaf64> {
  return mapParameters(parameters, ({ shape, data }) => ({ shape, data: Float64Array.from(data) }));
}

export function mapParameters<A, B>(parameters: Parameters<A>, fn: (leaf: A, path: string) => B): Plain<B> {
  const layer = (name: string, { weight, bias }: { weight: A; bias: A }) => ({
    weight: fn(weight, `${name}.weight`),
    bias: fn(bias, `${name}.bias`),
  });
  const f = Object.entries((parameters as Plain<A>).f).map(([name, leaves]) => [name, layer(`f.${name}`, leaves)]);
  return { f: Object.fromEntries(f), g: layer("g", parameters.g) };
}

/** One image, [3 * side * side] in [0, 1], through the layers in order; every stage ends with one pool. */
export function referenceFeatures(
  f: Parameters<Leaf64>["f"],
  image: Float64Array,
  side: number,
  convolutionsOfStages: readonly number[],
): Float64Array {
  return referenceJacobian(f, image, side, convolutionsOfStages, []).features;
}

/**
 * The features and, for each tangent (an image-shaped direction), d features along it: forward mode by hand. Each
 * linear layer maps value and tangents alike (tangents without the bias); relu and pooling pick by the value.
 */
export function referenceJacobian(
  f: Parameters<Leaf64>["f"],
  image: Float64Array,
  side: number,
  convolutionsOfStages: readonly number[],
  tangents: readonly Float64Array[],
): { features: Float64Array; along: readonly Float64Array[] } {
  const mean = [0.4914, 0.4822, 0.4465];
  const deviation = [0.2023, 0.1994, 0.201];
  const scaled = (pixels: Float64Array, centred: number) =>
    pixels.map((pixel, i) => {
      const channel = Math.floor(i / (side * side));
      return (pixel - centred * (mean[channel] ?? 0)) / (deviation[channel] ?? 1);
    });
  let x: Float64Array = scaled(image, 1);
  let dx: readonly Float64Array[] = tangents.map((tangent) => scaled(tangent, 0));
  const relu = () => {
    dx = dx.map((tangent) => tangent.map((value, i) => ((x[i] ?? 0) > 0 ? value : 0)));
    x = x.map((value) => Math.max(0, value));
  };
  let size = side;
  const layers = Object.values(f as Plain<Leaf64>["f"]);
  let next = 0;
  for (const convolutions of convolutionsOfStages) {
    for (let c = 0; c < convolutions; c++) {
      const { weight, bias } = layers[next++] ?? fail();
      x = convolution3x3(x, size, weight, bias.data);
      dx = dx.map((tangent) =>
        convolution3x3(
          tangent,
          size,
          weight,
          bias.data.map(() => 0),
        ),
      );
      relu();
    }
    const chosen = pool2x2(x, size);
    x = chosen.map((i) => x[i] ?? 0);
    dx = dx.map((tangent) => chosen.map((i) => tangent[i] ?? 0));
    size /= 2;
  }
  for (const { weight, bias } of layers.slice(next)) {
    x = dense(x, weight, bias.data);
    dx = dx.map((tangent) =>
      dense(
        tangent,
        weight,
        bias.data.map(() => 0),
      ),
    );
    relu();
  }
  return { features: x, along: dx };
}

function fail(): never {
  throw new Error("reference: fewer layers than convolutions");
}

export function dense(x: Float64Array, weight: Leaf64, bias: Float64Array): Float64Array {
  const inputs = x.length;
  return bias.map((b, o) => {
    let sum = b;
    for (let i = 0; i < inputs; i++) sum += (weight.data[o * inputs + i] ?? 0) * (x[i] ?? 0);
    return sum;
  });
}

export function referenceCrossEntropy(logits: Float64Array, label: number): number {
  const largest = Math.max(...logits);
  const total = logits.reduce((sum, value) => sum + Math.exp(value - largest), 0);
  return Math.log(total) + largest - (logits[label] ?? Number.NaN);
}

function convolution3x3(x: Float64Array, size: number, weight: Leaf64, bias: Float64Array): Float64Array {
  const [outputs = 0, inputs = 0] = weight.shape;
  const y = new Float64Array(outputs * size * size);
  for (let o = 0; o < outputs; o++)
    for (let row = 0; row < size; row++)
      for (let col = 0; col < size; col++) {
        let sum = bias[o] ?? 0;
        for (let i = 0; i < inputs; i++)
          for (let dr = -1; dr <= 1; dr++)
            for (let dc = -1; dc <= 1; dc++) {
              const [r, c] = [row + dr, col + dc];
              if (r < 0 || c < 0 || r >= size || c >= size) continue;
              const w = weight.data[((o * inputs + i) * 3 + dr + 1) * 3 + dc + 1] ?? 0;
              sum += w * (x[(i * size + r) * size + c] ?? 0);
            }
        y[(o * size + row) * size + col] = sum;
      }
  return y;
}

/** For each output of 2x2 pooling the index of the input it takes. */
function pool2x2(x: Float64Array, size: number): Float64Array {
  const half = size / 2;
  const channels = x.length / (size * size);
  return Float64Array.from({ length: channels * half * half }, (_, i) => {
    const [channel, row, col] = [Math.floor(i / (half * half)), Math.floor(i / half) % half, i % half];
    const corner = (channel * size + 2 * row) * size + 2 * col;
    return [corner, corner + 1, corner + size, corner + size + 1].reduce((best, at) =>
      (x[at] ?? 0) > (x[best] ?? 0) ? at : best,
    );
  });
}
