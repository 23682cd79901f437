import { type Judged, judge } from "../attacks/index.ts";
import type { Tensor } from "../base/index.ts";
import type { LabelledImages } from "../datasets/index.ts";
import { type CompileOptions, compile, type Traced } from "../engine/index.ts";
import { batchRows, checkImages, emptyBatch, type Model, type Parameters, paddedBatches } from "../models/index.ts";
import { type Measured, meanOf } from "./measured.ts";

export interface EvaluationOptions extends CompileOptions {
  readonly batch?: number;
  readonly signal?: AbortSignal;
}

export interface Evaluation {
  /** Share of right answers; ties go to the first class, as with argmax. */
  readonly accuracy: Measured;
  /** Mean cross-entropy in nats. */
  readonly loss: Measured;
  /** 1 where the answer is right, an entry an example. */
  readonly correct: Uint8Array;
  /** Cross-entropy in nats, an entry an example. */
  readonly losses: Float32Array;
}

/**
 * Accuracy and mean loss of a classifier on a set, pooled over its examples (never a mean of batch means).
 *
 * The parameters are baked into the graph, which is compiled for one batch size; the last batch is padded and the
 * padding left out here on the host. Yields how many examples are done, returns the numbers with their n.
 * Throws InputError when the images or labels do not fit the model.
 */
export async function* evaluate(
  model: Model,
  parameters: Parameters<Tensor<"float32">>,
  data: LabelledImages,
  { batch = 128, signal, ...engine }: EvaluationOptions = {},
): AsyncGenerator<{ readonly done: number; readonly of: number }, Evaluation> {
  checkImages("evaluation", model, data);
  const n = data.shape[0];
  const rows = batchRows(n, batch);
  const correct = new Uint8Array(n);
  const losses = new Float32Array(n);
  const { images, labels } = emptyBatch(model, rows);
  const run = await compile<Judged<Tensor<"float32">>>(
    (p: Parameters<Traced>, x: Traced, y: Traced) => judge(model, p, x, y),
    [parameters, images, labels],
    { ...engine, frozen: [0] },
  );
  try {
    let done = 0;
    for (const each of paddedBatches(data, rows)) {
      signal?.throwIfAborted();
      const judged = await run(each.images, each.labels);
      correct.set(judged.correct.data.subarray(0, each.indices.length), done);
      losses.set(judged.loss.data.subarray(0, each.indices.length), done);
      done += each.indices.length;
      yield { done, of: n };
    }
  } finally {
    await run.dispose();
  }
  return { accuracy: meanOf(correct), loss: meanOf(losses), correct, losses };
}
