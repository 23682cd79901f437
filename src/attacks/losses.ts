import { cast, lax, np, oneHot, type Traced } from "../engine/index.ts";

/**
 * What attacks climb, a number for each example, larger where the model is more wrong. z: logits [batch, classes],
 * y: labels, t: targets, both int32 [batch].
 *
 * - `log-odds`: log sum_{j != y} exp(z_j) - z_y = log(1 / p_y - 1), a growing function of the cross-entropy, so its
 *   gradient has the same direction. Unlike that of the cross-entropy it does not fade in float32 when the model is sure.
 * - `difference`: z_t - z_y.
 * - `dlr`: (max_{j != y} z_j - z_y) / (z_(1) - z_(3)), z_(k) the k-th largest logit (Croce and Hein 2020, equation 6).
 * - `targeted-dlr`: (z_t - z_y) / (z_(1) - (z_(3) + z_(4)) / 2) (the same, equation 7). Both are blind to a shift and a
 *   scale of the logits. Where the denominator is 0 it counts as 1.
 */
export const losses = {
  "log-odds": logOdds,
  difference,
  dlr,
  "targeted-dlr": targetedDlr,
} satisfies Record<string, Loss>;

export type LossName = keyof typeof losses;

type Loss = (logits: Traced, labels: Traced, targets: Traced) => Traced;

export function logOdds(logits: Traced, labels: Traced): Traced {
  const label = labelMask(logits, labels);
  // A number below every logit that matters; -Infinity would make 0 * Infinity in the derivative.
  const others = np.where(np.equal(label, 1), -1e30, logits);
  const largest = lax.stopGradient(np.max(others, 1, { keepdims: true }));
  const sum = np.sum(np.multiply(np.exp(np.subtract(others, largest)), np.subtract(1, label)), 1);
  return np.subtract(np.add(np.log(sum), np.reshape(largest, [-1])), chosen(logits, label));
}

function difference(logits: Traced, labels: Traced, targets: Traced): Traced {
  return np.subtract(chosen(logits, labelMask(logits, targets)), chosen(logits, labelMask(logits, labels)));
}

function dlr(logits: Traced, labels: Traced): Traced {
  const rank = ranks(logits);
  const [first, second, third] = [0, 1, 2].map((place) => chosen(logits, atRank(rank, place))) as [
    Traced,
    Traced,
    Traced,
  ];
  const label = labelMask(logits, labels);
  const isFirst = np.sum(np.multiply(atRank(rank, 0), label), 1);
  const other = np.add(np.multiply(isFirst, second), np.multiply(np.subtract(1, isFirst), first));
  return ratio(np.subtract(other, chosen(logits, label)), np.subtract(first, third));
}

function targetedDlr(logits: Traced, labels: Traced, targets: Traced): Traced {
  const rank = ranks(logits);
  const [first, third, fourth] = [0, 2, 3].map((place) => chosen(logits, atRank(rank, place))) as [
    Traced,
    Traced,
    Traced,
  ];
  const spread = np.subtract(first, np.multiply(np.add(third, fourth), 0.5));
  return ratio(difference(logits, labels, targets), spread);
}

const ratio = (above: Traced, below: Traced): Traced =>
  np.multiply(above, np.reciprocal(np.where(np.greater(below, 0), below, 1)));

const labelMask = (logits: Traced, labels: Traced): Traced => oneHot(labels, logits.shape[1] ?? 0);

/** The logit under a mask with a single 1 in each row: [batch, classes] -> [batch]. */
const chosen = (logits: Traced, mask: Traced): Traced => np.sum(np.multiply(logits, mask), 1);

const atRank = (rank: Traced, place: number): Traced => cast(np.equal(rank, place), "float32");

/** How many logits stand before each one, larger or equal with a lower number: [batch, classes], 0 for the largest. */
function ranks(logits: Traced): Traced {
  const [batch = 0, classes = 0] = logits.shape;
  const values = lax.stopGradient(logits);
  const [own, other] = [np.reshape(values, [batch, classes, 1]), np.reshape(values, [batch, 1, classes])];
  const numbers = cast(np.arange(classes), "int32");
  const before = cast(np.less(np.reshape(numbers, [1, 1, classes]), np.reshape(numbers, [1, classes, 1])), "float32");
  const larger = cast(np.greater(other, own), "float32");
  return np.sum(np.add(larger, np.multiply(cast(np.equal(other, own), "float32"), before)), 2);
}
