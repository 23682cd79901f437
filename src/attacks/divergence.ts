import { lax, np, type Traced } from "../engine/index.ts";
import type { TermInput } from "../regularizers/index.ts";

/**
 * The Kullback-Leibler divergence KL(p || q) in nats for each example, p = softmax(reference), q = softmax(logits).
 * reference, logits [batch, classes] -> [batch].
 */
export function divergence(reference: Traced, logits: Traced): Traced {
  const [p, q] = [logSoftmax(reference), logSoftmax(logits)];
  return np.sum(np.multiply(np.exp(p), np.subtract(p, q)), 1);
}

function logSoftmax(logits: Traced): Traced {
  const shifted = np.subtract(logits, lax.stopGradient(np.max(logits, 1, { keepdims: true })));
  return np.subtract(shifted, np.log(np.sum(np.exp(shifted), 1, { keepdims: true })));
}

/**
 * What TRADES adds to the cross-entropy of the images: beta * mean over the batch of KL(p(x) || p(x')), a scalar.
 * Layers that normalise see the adversarial images under the statistics of the images' batch, held fixed; the authors'
 * code lets them be normalised by their own.
 */
export function divergenceTerm(
  beta: number,
  { model, parameters, logits }: Pick<TermInput, "model" | "parameters" | "logits">,
  adversarial: Traced,
): Traced {
  const others = model.logits(parameters.g, model.features(parameters.f, adversarial));
  return np.multiply(np.mean(divergence(logits, others)), beta);
}
