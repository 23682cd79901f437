import type { Head, LabelledFeatures } from "../../transfer/index.ts";
import type { Measured } from "../measured.ts";
import { hScore, logMe } from "./feature-predictors.ts";
import { leep, negativeConditionalEntropy } from "./label-predictors.ts";
import type { PredictorName } from "./registry.ts";

/**
 * The predictors that need the target's features and nothing of the source but its head: LEEP, NCE, H-score and LogME, and
 * without a head the last two.
 */
export function targetPredictors(
  target: LabelledFeatures,
  targetClasses: number,
  head: Head | undefined,
): Partial<Record<PredictorName, Measured>> {
  const n = target.labels.length;
  const features = {
    hScore: { value: hScore(target, targetClasses), n },
    logMe: { value: logMe(target, targetClasses), n },
  };
  if (!head) return features;
  const classes = head.bias.length;
  const beliefs = { probabilities: probabilitiesOf(target, head), classes, labels: target.labels, targetClasses };
  return {
    leep: { value: leep(beliefs), n },
    nce: { value: negativeConditionalEntropy(beliefs), n },
    ...features,
  };
}

/** softmax(W x + b), [n, classes]. */
function probabilitiesOf({ features, labels, size }: LabelledFeatures, { weight, bias }: Head): Float64Array {
  const classes = bias.length;
  const out = new Float64Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) {
    const row = out.subarray(i * classes, (i + 1) * classes);
    for (let k = 0; k < classes; k++) {
      let sum = bias[k] as number;
      for (let j = 0; j < size; j++) sum += (weight[k * size + j] as number) * (features[i * size + j] as number);
      row[k] = sum;
    }
    const largest = Math.max(...row);
    let total = 0;
    for (let k = 0; k < classes; k++) total += row[k] = Math.exp((row[k] as number) - largest);
    for (let k = 0; k < classes; k++) row[k] = (row[k] as number) / total;
  }
  return out;
}
