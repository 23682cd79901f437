import { cast, np, type Traced } from "../engine/index.ts";

/**
 * 1 where the label is the first largest logit (argmax's rule for ties), else 0.
 * A NaN anywhere among an example's logits counts as wrong, so a broken model cannot look right.
 * logits [batch, classes], labels int32 [batch] -> float32 [batch].
 */
export function correct(logits: Traced, labels: Traced): Traced {
  const classes = logits.shape[1] ?? 0;
  const numbers = classNumbers(classes);
  const labelLogit = np.sum(np.where(np.equal(column(labels), numbers), logits, 0), -1, { keepdims: true });
  const before = cast(np.less(numbers, column(labels)), "float32");
  const below = cast(np.less(logits, labelLogit), "float32");
  const notAbove = cast(np.lessEqual(logits, labelLogit), "float32");
  const beaten = np.add(np.multiply(before, below), np.multiply(np.subtract(1, before), notAbove));
  return cast(np.equal(np.sum(beaten, -1), classes), "float32");
}

const column = (labels: Traced): Traced => np.reshape(labels, [labels.shape[0] ?? 0, 1]);

const classNumbers = (classes: number): Traced => np.reshape(cast(np.arange(classes), "int32"), [1, classes]);
