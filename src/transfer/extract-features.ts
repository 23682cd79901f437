import type { Tensor } from "../base/index.ts";
import type { LabelledImages } from "../datasets/index.ts";
import { type CompileOptions, compile, type Traced } from "../engine/index.ts";
import { batchRows, checkImages, emptyBatch, type Model, type Parameters, paddedBatches } from "../models/index.ts";
import type { LabelledFeatures } from "./softmax-regression.ts";

export interface ExtractionOptions extends CompileOptions {
  readonly batch?: number;
  readonly signal?: AbortSignal;
}

/**
 * f(x) of every image, with f frozen and baked into the graph: [n, featureSize], in the order of the images.
 * `model.classes` must cover the labels; only `f` of the parameters is used. Yields how many images are done.
 */
export async function* extractFeatures(
  model: Model,
  f: Parameters<Tensor<"float32">>["f"],
  data: LabelledImages,
  { batch = 128, signal, ...engine }: ExtractionOptions = {},
): AsyncGenerator<{ readonly done: number; readonly of: number }, LabelledFeatures> {
  checkImages("features", model, data);
  const n = data.shape[0];
  const rows = batchRows(n, batch);
  const size = model.featureSize;
  const features = new Float32Array(n * size);
  const run = await compile<Tensor<"float32">>(
    (p: Parameters<Traced>["f"], x: Traced) => model.features(p, x),
    [f, emptyBatch(model, rows).images],
    { ...engine, frozen: [0] },
  );
  try {
    let done = 0;
    for (const { indices, images } of paddedBatches(data, rows)) {
      signal?.throwIfAborted();
      const { data: out } = await run(images);
      features.set(out.subarray(0, indices.length * size), done * size);
      done += indices.length;
      yield { done, of: n };
    }
  } finally {
    await run.dispose();
  }
  return { features, labels: data.labels, size };
}
