import { sizeOf, type Tensor, tensor } from "../base/index.ts";
import { type Compiled, type CompileOptions, compile, grad, np, type Traced } from "../engine/index.ts";
import { emptyBatch, type Model, type Parameters } from "../models/index.ts";
import { type LossName, losses } from "./losses.ts";

/**
 * A classifier as attacks see it: images in, answers out. The usual one is `victimOf` a model; anything that answers can
 * be one, such as a model behind a service, which then stands only against black-box attacks.
 */
export interface Victim {
  readonly classes: number;
  readonly imageShape: readonly [channels: number, height: number, width: number];
  /** The most images of a call, and the best number. */
  readonly rows: number;
  /** images [n, ...imageShape], n at most `rows` -> logits [n, classes]. */
  logits(images: Float32Array): Promise<Float32Array>;
  /** The logits, and each image's own gradient of its loss, [n, ...imageShape]. labels, targets [n]. */
  gradient(
    loss: LossName,
    images: Float32Array,
    labels: Int32Array,
    targets: Int32Array,
  ): Promise<{ readonly logits: Float32Array; readonly gradient: Float32Array }>;
  /** Frees the graphs; it must not be asked again. */
  dispose(): Promise<void>;
}

type Sloped<Leaf> = { readonly logits: Leaf; readonly gradient: Leaf };

/** Images in a call: more make no model faster on a CPU, and the last examples leave more rows idle. */
export const victimRows = 32;

/** A graph has a fixed batch: few images go through a graph of this many rows, padded with black ones. */
const fewRows = 8;

/**
 * A model with frozen parameters as a victim. Its graphs (a forward pass, and the gradient of each loss) are compiled when
 * first asked for, the parameters baked in. Layers that normalise over a batch use their running statistics.
 */
export function victimOf(
  model: Model,
  parameters: Parameters<Tensor<"float32">>,
  { rows = victimRows, ...engine }: CompileOptions & { readonly rows?: number } = {},
): Victim {
  const options = { ...engine, frozen: [0] };
  const size = sizeOf(model.inputShape);
  const answer = (p: Parameters<Traced>, x: Traced) => model.logits(p.g, model.features(p.f, x));
  const sloped = (loss: LossName) => (p: Parameters<Traced>, x: Traced, y: Traced, t: Traced) => {
    const total = (at: Traced) => {
      const logits = answer(p, at);
      return [np.sum(losses[loss](logits, y, t)), logits] as [Traced, Traced];
    };
    const [gradient, logits] = grad(total, { hasAux: true })(x);
    return { logits, gradient };
  };
  const forward = kept((batch) => {
    const { images } = emptyBatch(model, batch);
    return compile<Tensor<"float32">>(answer, [parameters, images], options);
  });
  const slopes = new Map<LossName, ReturnType<typeof slopeOf>>();
  const slopeOf = (loss: LossName) =>
    kept((batch) => {
      const { images, labels } = emptyBatch(model, batch);
      return compile<Sloped<Tensor<"float32">>>(sloped(loss), [parameters, images, labels, labels], options);
    });
  const batchFor = (images: Float32Array) => (images.length <= fewRows * size ? Math.min(fewRows, rows) : rows);
  const padded = (batch: number, images: Float32Array) => {
    const whole = new Float32Array(batch * size);
    whole.set(images);
    return tensor("float32", [batch, ...model.inputShape], whole);
  };
  const paddedLabels = (batch: number, labels: Int32Array) => {
    const whole = new Int32Array(batch);
    whole.set(labels);
    return tensor("int32", [batch], whole);
  };
  return {
    classes: model.classes,
    imageShape: model.inputShape,
    rows,
    async logits(images) {
      const batch = batchFor(images);
      const run = await forward.get(batch);
      const { data } = await run(padded(batch, images));
      return data.subarray(0, (images.length / size) * model.classes);
    },
    async gradient(loss, images, labels, targets) {
      const slope = slopes.get(loss) ?? slopeOf(loss);
      slopes.set(loss, slope);
      const batch = batchFor(images);
      const run = await slope.get(batch);
      const found = await run(padded(batch, images), paddedLabels(batch, labels), paddedLabels(batch, targets));
      return {
        logits: found.logits.data.subarray(0, labels.length * model.classes),
        gradient: found.gradient.data.subarray(0, images.length),
      };
    },
    async dispose() {
      for (const graphs of [forward, ...slopes.values()]) await graphs.dispose();
    },
  };
}

/** Compiled graphs by their batch, each made once. */
function kept<Graph extends Compiled>(make: (batch: number) => Promise<Graph>) {
  const graphs = new Map<number, Promise<Graph>>();
  return {
    get(batch: number): Promise<Graph> {
      const known = graphs.get(batch) ?? make(batch);
      graphs.set(batch, known);
      return known;
    },
    async dispose() {
      for (const graph of graphs.values()) await (await graph).dispose();
    },
  };
}

/** Numbers of one image. */
export const imageSize = ({ imageShape }: Victim): number => sizeOf(imageShape);
