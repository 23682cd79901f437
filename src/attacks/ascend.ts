import { cast, crossEntropy, grad, np, type Traced } from "../engine/index.ts";
import { correct, type Model, type Parameters } from "../models/index.ts";
import { type Ball, project, steepest } from "./ball.ts";
import { logOdds } from "./losses.ts";

/** What a model makes of a batch, example by example: loss in nats [batch], correct 0 or 1 [batch]. */
export type Judged<Leaf> = { readonly loss: Leaf; readonly correct: Leaf };

export function judge(model: Model, parameters: Parameters<Traced>, images: Traced, labels: Traced): Judged<Traced> {
  return judged(model.logits(parameters.g, model.features(parameters.f, images)), labels);
}

const judged = (logits: Traced, labels: Traced): Judged<Traced> => ({
  loss: crossEntropy(logits, labels),
  correct: correct(logits, labels),
});

export type Ascended<Leaf> = Judged<Leaf> & {
  /** The next iterate, [batch, channels, height, width]. */
  readonly adversarial: Leaf;
  /** [batch]: 1 where the gradient was zero in every pixel, so that the step went nowhere. */
  readonly stuck: Leaf;
};

/**
 * One step of projected gradient ascent on each example's cross-entropy: x' <- P(x' + stepSize * direction), where P
 * projects to the ball around x and to [0, 1]. Loss and correctness are those of the iterate that came in. The gradient
 * is that of the log-odds (see `losses`): the same direction, and it does not vanish when the model is sure.
 */
export function ascend(
  model: Model,
  { stepSize, ...ball }: Ball & { readonly stepSize: number },
  parameters: Parameters<Traced>,
  batch: { readonly images: Traced; readonly adversarial: Traced; readonly labels: Traced },
): Ascended<Traced> {
  const { images, adversarial, labels } = batch;
  const total = (x: Traced) => {
    const logits = model.logits(parameters.g, model.features(parameters.f, x));
    return [np.sum(logOdds(logits, labels)), judged(logits, labels)] as [Traced, Judged<Traced>];
  };
  const [gradient, outcome] = grad(total, { hasAux: true })(adversarial);
  const moved = np.add(adversarial, np.multiply(steepest(ball, gradient), stepSize));
  const largest = np.max(np.abs(gradient), [1, 2, 3]);
  return { ...outcome, adversarial: project(ball, images, moved), stuck: cast(np.equal(largest, 0), "float32") };
}
