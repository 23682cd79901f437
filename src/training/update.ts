import type { Tensor } from "../base/index.ts";
import { crossEntropy, grad, np, sgdMomentum, type Traced } from "../engine/index.ts";
import {
  type BatchStatistics,
  correct,
  type Model,
  type Parameters,
  withBatchStatistics,
  withRunningStatistics,
} from "../models/index.ts";
import type { LossTerm } from "../regularizers/index.ts";

/** What changes from step to step; all leaves are arguments of the compiled graph. */
export type UpdateInput<Leaf> = {
  readonly parameters: Parameters<Leaf>;
  readonly velocity: Parameters<Leaf>;
  /** [batch, channels, height, width] in [0, 1]. */
  readonly images: Leaf;
  /** int32 [batch]. */
  readonly labels: Leaf;
  /** Scalar, []. */
  readonly learningRate: Leaf;
  /** What each term of the loss was given for this step. */
  readonly drawn: readonly (readonly Leaf[])[];
};

export type Updated = {
  readonly parameters: Parameters<Tensor<"float32">>;
  readonly velocity: Parameters<Tensor<"float32">>;
  /** Mean cross-entropy, sum of penalties, number of right answers: scalars, before the update. */
  readonly loss: Tensor<"float32">;
  readonly penalty: Tensor<"float32">;
  readonly correct: Tensor<"float32">;
};

export interface OptimiserSettings {
  readonly momentum: number;
  readonly weightDecay: number;
  /** Layers of f that stay as they are, their running statistics too. */
  readonly frozen?: readonly string[];
}

/**
 * One training step as a pure function, forward, backward and update in one:
 * minimise mean cross-entropy + sum of penalties by SGD with momentum and weight decay (PyTorch's form).
 */
export function update(
  model: Model,
  penalties: readonly LossTerm[],
  { momentum, weightDecay, frozen = [] }: OptimiserSettings,
  { parameters, velocity, images, labels, learningRate, drawn }: UpdateInput<Traced>,
) {
  const forward = (p: Parameters<Traced>) => {
    const statistics: BatchStatistics = Object.fromEntries(frozen.map((layer) => [layer, undefined]));
    const logits = model.logits(p.g, model.features(p.f, images, statistics));
    return { logits, statistics };
  };
  const objective = ({ p, factors }: { readonly p: Parameters<Traced>; readonly factors: Factors }) => {
    const { logits, statistics } = forward(p);
    const seen = { model, parameters: withBatchStatistics(p, statistics), images, labels, logits };
    const terms = penalties.map((each, i) => each.term(seen, drawn[i] ?? []));
    const penalty = terms.reduce((sum, term) => np.add(sum, term), np.zeros([]));
    const loss = np.mean(crossEntropy(logits, labels));
    return np.add(np.multiply(factors.loss, loss), np.multiply(factors.penalty, penalty));
  };
  // The derivative by a factor is what it multiplies, so both sums come out of the one trace; in jax-js 0.1.25 aux values
  // leak their tracers when the function takes a gradient itself, as JR does.
  const factors: Factors = { loss: np.ones([]), penalty: np.ones([]) };
  const gradient = grad(objective)({ p: parameters, factors });
  const next = sgdMomentum(parameters, velocity, gradient.p, { learningRate, momentum, weightDecay });
  // The engine makes equal nodes once, so this forward pass is the gradient's own.
  const { logits, statistics } = forward(parameters);
  return {
    loss: gradient.factors.loss,
    penalty: gradient.factors.penalty,
    correct: np.sum(correct(logits, labels)),
    // Running statistics are not learnt: they follow the batch, without momentum or decay.
    parameters: withRunningStatistics(unmoved(frozen, next.params, parameters), statistics),
    velocity: unmoved(frozen, next.velocity, velocity),
  };
}

/** Both 1. */
type Factors = { readonly loss: Traced; readonly penalty: Traced };

/** `parameters` with the running statistics, and the frozen layers, of `before`. */
function unmoved(
  frozen: readonly string[],
  parameters: Parameters<Traced>,
  before: Parameters<Traced>,
): Parameters<Traced> {
  const layers = Object.entries(parameters.f).map(([name, layer]) => {
    const old = before.f[name];
    if (frozen.includes(name)) return [name, old ?? layer] as const;
    return [name, old && "mean" in old ? { ...layer, mean: old.mean, variance: old.variance } : layer] as const;
  });
  return { ...parameters, f: Object.fromEntries(layers) };
}
