import { InputError, sizeOf, type Tensor, tensor } from "../base/index.ts";
import { gatherLabels, type LabelledImages, toFloat } from "../datasets/index.ts";
import type { Model } from "./model.ts";

/** A batch as a compiled graph takes it: always `batch` rows. */
export interface Batch {
  /** Which examples of the set the first rows are; rows past them are padding, black images of class 0. */
  readonly indices: Uint32Array;
  /** [batch, channels, height, width] in [0, 1]. */
  readonly images: Tensor<"float32">;
  /** [batch]. */
  readonly labels: Tensor<"int32">;
}

/** Rows a batch for n examples: the least that needs no more batches than `most` does, so that padding is small. */
export function batchRows(n: number, most: number): number {
  return Math.ceil(n / Math.ceil(n / most));
}

/** The examples at `indices` (at most `batch` of them), padded to `batch` rows. */
function paddedBatch(data: LabelledImages, indices: Uint32Array, batch: number): Batch {
  const [, channels, height, width] = data.shape;
  const shape = [batch, channels, height, width];
  const pixels = new Float32Array(sizeOf(shape));
  toFloat(data, indices, pixels.subarray(0, indices.length * channels * height * width));
  const labels = new Int32Array(batch);
  labels.set(gatherLabels(data, indices));
  return { indices, images: tensor("float32", shape, pixels), labels: tensor("int32", [batch], labels) };
}

/** All examples (or those at `indices`, in their order) in batches of `batch`, the last one padded. */
export function* paddedBatches(data: LabelledImages, batch: number, indices = everyIndex(data)): Generator<Batch> {
  for (let from = 0; from < indices.length; from += batch)
    yield paddedBatch(data, indices.slice(from, from + batch), batch);
}

/** A batch of the right shapes with nothing in it, for compiling. */
export function emptyBatch(model: Model, batch: number): Batch {
  const shape = [batch, ...model.inputShape];
  return {
    indices: new Uint32Array(),
    images: tensor("float32", shape, new Float32Array(sizeOf(shape))),
    labels: tensor("int32", [batch], new Int32Array(batch)),
  };
}

/** Images as a stage may be given them: bytes, or, where it says so, numbers as they are. */
interface GivenImages extends Pick<LabelledImages, "shape" | "labels"> {
  readonly pixels: LabelledImages["pixels"] | Float32Array;
}

/** Checks, at a stage's border, that a model can look at these images and answer with these labels. */
export function checkImages(
  where: string,
  model: Pick<Model, "inputShape" | "classes">,
  { pixels, shape, labels }: GivenImages,
  { floats = false }: { readonly floats?: boolean } = {},
): void {
  const [n, ...image] = shape;
  const wanted = model.inputShape.join(", ");
  if (image.join(", ") !== wanted)
    throw new InputError(`${where}: images: expected shape [n, ${wanted}], got [${shape.join(", ")}]`);
  const isArray = pixels instanceof Uint8Array || (floats && pixels instanceof Float32Array);
  if (!isArray && typeof (pixels as { readonly read?: unknown }).read !== "function")
    throw new InputError(
      `${where}: pixels: expected a Uint8Array${floats ? ", a Float32Array" : ""} or a reader, got ${Object.prototype.toString.call(pixels).slice(8, -1)}`,
    );
  if (isArray && pixels.length !== sizeOf(shape))
    throw new InputError(
      `${where}: pixels: expected ${sizeOf(shape)} ${floats ? "numbers" : "bytes"} for shape [${shape.join(", ")}], got ${pixels.length}`,
    );
  if (n === 0) throw new InputError(`${where}: images: expected at least one example, got 0`);
  if (labels.length !== n) throw new InputError(`${where}: labels: expected ${n}, one an image, got ${labels.length}`);
  const wrong = labels.find((label) => label < 0 || label >= model.classes);
  if (wrong !== undefined)
    throw new InputError(`${where}: labels: expected classes 0 to ${model.classes - 1} of the model, got ${wrong}`);
}

function everyIndex(data: LabelledImages): Uint32Array {
  return Uint32Array.from({ length: data.shape[0] }, (_, i) => i);
}
