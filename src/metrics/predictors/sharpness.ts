import { leavesOf, mapLeaves, type Tensor, type Tree, tensor } from "../../base/index.ts";
import type { LabelledImages } from "../../datasets/index.ts";
import { type CompileOptions, compile, crossEntropy, np, type Traced, valueAndGrad } from "../../engine/index.ts";
import { emptyBatch, type Model, type Parameters, paddedBatches } from "../../models/index.ts";

type Weights<Leaf> = Parameters<Leaf>;

/**
 * SAM's sharpness: L(w + radius * grad L / ||grad L||) - L(w), L the mean cross-entropy of these images (one batch) and w
 * all parameters, statistics of normalising layers left as they are. The first-order solution of the largest loss within
 * the ball.
 *
 * Source: Foret, Kleiner, Mobahi and Neyshabur, ICLR 2021, equation 2.
 */
export async function sharpness(
  model: Model,
  parameters: Weights<Tensor<"float32">>,
  data: LabelledImages,
  { radius = 0.05, ...engine }: CompileOptions & { readonly radius?: number } = {},
): Promise<number> {
  const n = data.labels.length;
  const { images, labels } = emptyBatch(model, n);
  const run = await compile<readonly [Tensor<"float32">, Weights<Tensor<"float32">>]>(
    (p: Weights<Traced>, x: Traced, y: Traced) =>
      valueAndGrad((at: Weights<Traced>) => np.mean(crossEntropy(model.logits(at.g, model.features(at.f, x)), y)))(p),
    [parameters, images, labels],
    engine,
  );
  try {
    const [batch] = paddedBatches(data, n);
    if (!batch) throw new Error("sharpness: expected at least one image, got none");
    const [loss, gradient] = await run(parameters, batch.images, batch.labels);
    const away = moved(parameters, gradient, radius);
    const [there] = await run(away, batch.images, batch.labels);
    return (there.data[0] as number) - (loss.data[0] as number);
  } finally {
    await run.dispose();
  }
}

/** w + radius * g / ||g||, where g is the gradient of what is learnt; w where g is 0. */
function moved(
  w: Weights<Tensor<"float32">>,
  g: Weights<Tensor<"float32">>,
  radius: number,
): Weights<Tensor<"float32">> {
  const gradients = new Map(leavesOf(w as Tree<Tensor>).map((leaf, i) => [leaf, leavesOf(g as Tree<Tensor>)[i]?.data]));
  for (const layer of Object.values(w.f))
    if ("variance" in layer) for (const statistic of [layer.mean, layer.variance]) gradients.delete(statistic);
  let squares = 0;
  for (const values of gradients.values()) for (const value of values ?? []) squares += value * value;
  const step = squares > 0 ? radius / Math.sqrt(squares) : 0;
  return mapLeaves(w as Tree<Tensor>, (leaf) => {
    const along = gradients.get(leaf);
    const data = Float32Array.from(leaf.data);
    if (along) for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) + step * (along[i] as number);
    return tensor("float32", leaf.shape, data);
  }) as Weights<Tensor<"float32">>;
}
