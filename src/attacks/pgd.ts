import { randomStream, seedFor, type Tensor, tensor } from "../base/index.ts";
import type { LabelledImages } from "../datasets/index.ts";
import { type CompileOptions, compile, type Traced } from "../engine/index.ts";
import {
  type Batch,
  batchRows,
  checkImages,
  emptyBatch,
  type Model,
  type Parameters,
  paddedBatches,
} from "../models/index.ts";
import { type Ascended, ascend, type Judged, judge } from "./ascend.ts";
import type { Ball } from "./ball.ts";
import { randomStart } from "./neighbourhood.ts";
import type { PgdConfig } from "./pgd-search.ts";
import { checkPlan } from "./plans.ts";
import { noVerdicts, recordClean, recordIterate, recordLast, type Verdicts } from "./verdicts.ts";

export interface PgdOptions extends CompileOptions {
  /** Names the random starts: an example's start depends on the seed, its index and the restart, not on its batch. */
  readonly seed: number;
  readonly batch?: number;
  readonly signal?: AbortSignal;
}

/** One step of one batch. */
export interface PgdStep {
  readonly restart: number;
  readonly step: number;
  /** Which examples of the set these are. */
  readonly indices: Uint32Array;
  /** The clean images and the iterate reached, [indices.length, channels, height, width]. */
  readonly images: Float32Array;
  readonly adversarial: Float32Array;
  /** Steps of single examples, behind and in all. */
  readonly done: number;
  readonly of: number;
}

/**
 * Projected gradient descent (Madry et al. 2018) from uniform random starts in the ball: untargeted, on cross-entropy.
 *
 * An example is robust when its clean image and its iterates are classified correctly: the ball holds the image, so a
 * wrong clean prediction is not robust, and eps = 0 gives the clean accuracy exactly. Later restarts run only on examples
 * that have not yet failed at a last iterate; the losses of the others are those of the restarts they saw.
 *
 * Source: Xu et al. 2022 evaluate with l2, eps 0.25, 20 steps, one start, last iterate. We also keep the worst iterate
 * and the worst restart, and a gradient of zero leaves an image where it is instead of turning it into NaN.
 * `pgdSearch` is the same attack on a victim that is asked point by point; it stops where an example breaks, so that it knows
 * no last iterate. Throws InputError when the images do not fit the model or the configuration is out of range, and the signal's
 * reason when it is aborted.
 */
export async function* pgd(
  model: Model,
  parameters: Parameters<Tensor<"float32">>,
  data: LabelledImages,
  config: PgdConfig,
  { seed, batch = 128, signal, ...engine }: PgdOptions,
): AsyncGenerator<PgdStep, Verdicts> {
  checkImages("attack", model, data);
  checkPlan({ kind: "pgd", ...config }, model.classes);
  const n = data.shape[0];
  const size = batchRows(n, batch);
  const verdicts = noVerdicts(n);
  const graphs = await compileAttack(model, parameters, config, size, engine);
  try {
    const of = n * config.restarts * config.steps;
    let standing = Uint32Array.from({ length: n }, (_, i) => i);
    for (let restart = 0; restart < config.restarts; restart++) {
      let done = (restart * n + n - standing.length) * config.steps;
      for (const { indices, images, labels } of paddedBatches(data, size, standing)) {
        if (restart === 0) recordClean(verdicts, indices, await graphs.judge(images, labels));
        let adversarial = startingPoints({ indices, images, labels }, config, seedFor(seed, "attack", restart));
        for (let step = 0; step < config.steps; step++) {
          signal?.throwIfAborted();
          const ascended = await graphs.ascend(images, adversarial, labels);
          recordIterate(verdicts, indices, ascended);
          adversarial = ascended.adversarial;
          done += indices.length;
          const rows = ({ data }: Tensor<"float32">) =>
            data.subarray(0, (data.length / labels.data.length) * indices.length);
          yield { restart, step, indices, images: rows(images), adversarial: rows(adversarial), done, of };
        }
        const last = await graphs.judge(adversarial, labels);
        recordIterate(verdicts, indices, last);
        recordLast(verdicts, indices, last);
      }
      standing = standing.filter((i) => verdicts.robustLast[i] === 1);
    }
    return verdicts;
  } finally {
    await graphs.dispose();
  }
}

/** The two graphs of an attack, the frozen parameters baked in. */
async function compileAttack(
  model: Model,
  parameters: Parameters<Tensor<"float32">>,
  config: PgdConfig,
  batch: number,
  engine: CompileOptions,
) {
  const { images, labels } = emptyBatch(model, batch);
  const options = { ...engine, frozen: [0] };
  const judgeBatch = await compile<Judged<Tensor<"float32">>>(
    (p: Parameters<Traced>, x: Traced, y: Traced) => judge(model, p, x, y),
    [parameters, images, labels],
    options,
  );
  const ascendBatch = await compile<Ascended<Tensor<"float32">>>(
    (p: Parameters<Traced>, x: Traced, adversarial: Traced, y: Traced) =>
      ascend(model, config, p, { images: x, adversarial, labels: y }),
    [parameters, images, images, labels],
    options,
  );
  return {
    judge: (x: Tensor<"float32">, y: Tensor<"int32">) => judgeBatch(x, y),
    ascend: (x: Tensor<"float32">, adversarial: Tensor<"float32">, y: Tensor<"int32">) =>
      ascendBatch(x, adversarial, y),
    async dispose() {
      await judgeBatch.dispose();
      await ascendBatch.dispose();
    },
  };
}

/** A random start for each example, named by its index. */
function startingPoints({ indices, images }: Batch, ball: Ball, seed: number): Tensor<"float32"> {
  const size = images.data.length / (images.shape[0] ?? 1);
  const started = images.data.slice();
  for (const [row, i] of indices.entries()) {
    const image = images.data.subarray(row * size, (row + 1) * size);
    started.set(randomStart(ball, image, randomStream(seedFor(seed, "start", i))), row * size);
  }
  return tensor("float32", images.shape, started);
}
