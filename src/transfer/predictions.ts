import type { Head, LabelledFeatures } from "./softmax-regression.ts";

/** The head's answer for each row, [n]: the first largest of W x + b. */
export function predictions({ features, labels, size }: LabelledFeatures, { weight, bias }: Head): Int32Array {
  return Int32Array.from(labels, (_, i) => {
    let [best, most] = [0, Number.NEGATIVE_INFINITY];
    for (let k = 0; k < bias.length; k++) {
      let sum = bias[k] as number;
      for (let j = 0; j < size; j++) sum += (weight[k * size + j] as number) * (features[i * size + j] as number);
      if (sum > most) [best, most] = [k, sum];
    }
    return best;
  });
}

/** 1 where the head's answer is the label, else 0: [n]. */
export function rightAnswers(data: LabelledFeatures, head: Head): Uint8Array {
  const answers = predictions(data, head);
  return Uint8Array.from(data.labels, (label, i) => Number(answers[i] === label));
}

/** The rows at `indices`, in that order. */
export function featureRows(
  { features, labels, size }: LabelledFeatures,
  indices: ArrayLike<number>,
): LabelledFeatures {
  const rows = new Float32Array(indices.length * size);
  const chosen = new Int32Array(indices.length);
  for (let k = 0; k < indices.length; k++) {
    const i = indices[k] as number;
    rows.set(features.subarray(i * size, (i + 1) * size), k * size);
    chosen[k] = labels[i] as number;
  }
  return { features: rows, labels: chosen, size };
}
