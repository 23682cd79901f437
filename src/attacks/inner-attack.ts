import { type RandomStream, type Tensor, tensor } from "../base/index.ts";
import { type CompileOptions, compile, crossEntropy, grad, np, type Traced } from "../engine/index.ts";
import { emptyBatch, type Model, type Parameters } from "../models/index.ts";
import { type Ball, offsetsInBall, project, steepest } from "./ball.ts";
import { divergence } from "./divergence.ts";

/** An attack inside every training step, on the parameters of the moment. */
export interface InnerAttack extends Ball {
  readonly kind: string;
  readonly strength: number;
  readonly steps: number;
  /** Length of a step in the ball's norm, pixels in [0, 1]. */
  readonly stepSize: number;
  /** Where it starts: at the image, uniformly in the ball, or at a normal offset of deviation 0.001 (as TRADES does). */
  readonly start: "image" | "uniform" | "normal";
  /**
   * The weight of the divergence between what the model says of an image and of its adversarial image, which is then
   * also what the attack climbs (TRADES). Left out, it climbs the cross-entropy, and the adversarial images take the
   * place of the images.
   */
  readonly beta?: number;
}

type Batch<Leaf> = { readonly images: Leaf; readonly labels: Leaf };

/** Images of a batch -> adversarial images in the ball around them, for the parameters given. */
export interface CompiledInnerAttack {
  (
    parameters: Parameters<Tensor<"float32">>,
    batch: { readonly images: Tensor<"float32">; readonly labels: Tensor<"int32"> },
    stream: RandomStream,
  ): Promise<Tensor<"float32">>;
  dispose(): Promise<void>;
}

/**
 * Compiles an inner attack with all its steps as one graph, with the parameters as arguments.
 *
 * The model is seen as evaluation sees it: layers that normalise use their running statistics and do not change them,
 * so that what is attacked for one image does not depend on the others. `like` are parameters of the right shapes.
 */
export async function compileInnerAttack(
  model: Model,
  attack: InnerAttack,
  like: Parameters<Tensor<"float32">>,
  batch: number,
  engine: CompileOptions,
): Promise<CompiledInnerAttack> {
  const { images, labels } = emptyBatch(model, batch);
  const run = await compile<Tensor<"float32">>(
    (p: Parameters<Traced>, x: Traced, start: Traced, y: Traced) =>
      climbed(model, attack, p, { images: x, labels: y }, start),
    [like, images, images, labels],
    engine,
  );
  const made = async (
    parameters: Parameters<Tensor<"float32">>,
    given: { readonly images: Tensor<"float32">; readonly labels: Tensor<"int32"> },
    stream: RandomStream,
  ) => run(parameters, given.images, startingPoints(attack, given.images, stream), given.labels);
  return Object.assign(made, { dispose: () => run.dispose() });
}

/** The iterate after all steps: x' <- P(x' + stepSize * direction), P projecting to the ball and to [0, 1]. */
function climbed(
  model: Model,
  attack: InnerAttack,
  { f, g }: Parameters<Traced>,
  { images, labels }: Batch<Traced>,
  start: Traced,
): Traced {
  const logits = (x: Traced) => model.logits(g, model.features(f, x));
  const clean = attack.beta === undefined ? undefined : logits(images);
  const total = (x: Traced) => np.sum(clean ? divergence(clean, logits(x)) : crossEntropy(logits(x), labels));
  let adversarial = start;
  for (let step = 0; step < attack.steps; step++) {
    const direction = steepest(attack, grad(total)(adversarial));
    adversarial = project(attack, images, np.add(adversarial, np.multiply(direction, attack.stepSize)));
  }
  return adversarial;
}

/** The images moved by the attack's start, clipped to [0, 1]. */
function startingPoints(attack: InnerAttack, images: Tensor<"float32">, stream: RandomStream): Tensor<"float32"> {
  if (attack.start === "image" || attack.eps === 0) return images;
  const { data, shape } = images;
  const [batch = 1] = shape;
  const offsets =
    attack.start === "uniform"
      ? offsetsInBall(attack, batch, data.length / batch, stream)
      : Float32Array.from({ length: data.length }, () => 0.001 * stream.normal());
  const started = data.map((pixel, i) => Math.min(1, Math.max(0, pixel + (offsets[i] ?? 0))));
  return tensor("float32", shape, started);
}
