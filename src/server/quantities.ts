import { type Interval, meanInterval } from "../base/index.ts";
import type { Point } from "../figures/index.ts";
import { relativeTransferAccuracy } from "../metrics/index.ts";
import { type PredictorInfo, type PredictorName, predictors } from "../metrics/predictors/registry.ts";
import type { Row } from "../studies/index.ts";
import type { SavedBound } from "../theory/index.ts";
import type { Estimate, Quantity } from "./api-figure.ts";

/** What a row is read beside. */
export interface Beside {
  /** The row that it is compared with. */
  readonly vanilla: Row | undefined;
  /** What the theory says of its model, where that was computed. */
  readonly bound: SavedBound["points"][number] | undefined;
}

/** A quantity and how it is read from rows. */
interface MeasuredQuantity extends Quantity {
  /** Of one trial; undefined where the row has none. */
  of(row: Row, beside: Beside): number | undefined;
  /** The mean over seeds with its interval, where metrics makes one of its own. */
  estimate?(point: Point): Estimate | undefined;
}

/** What every row has, or most; in the order of menus. */
const measured: readonly MeasuredQuantity[] = [
  {
    id: "dt",
    label: "DT Acc",
    short: "DT Acc",
    unit: "points",
    sentence:
      "Relative domain transfer accuracy: how much more accuracy the model keeps on the target than the vanilla model of " +
      "the same seed does. A lower source accuracy raises it, so read it beside both accuracies.",
    formula: "(acc_T − acc_S) − (acc_T of vanilla − acc_S of vanilla)",
    of: (row, { vanilla }) => vanilla && relativeTransferAccuracy(row, vanilla),
    estimate: ({ dt }) => dt && estimateOf(dt),
  },
  {
    id: "robust",
    label: "Robust accuracy",
    short: "Robust",
    unit: "percent",
    sentence:
      "The share of attacked source test images that stay right at every step of every restart of the attack. A ring or " +
      "mark on it says that the attack's health checks doubt it.",
    formula: "mean of 1[g(f(x′)) = y for all x′ that the attack tried]",
    of: ({ robust }) => robust.accuracy.value,
    estimate: ({ robust }) => estimateOf(robust),
  },
  {
    id: "source",
    label: "Source accuracy",
    short: "Source",
    unit: "percent",
    sentence: "The share of the source domain's test images that the model gets right.",
    formula: "acc_S = mean of 1[g_S(f(x)) = y] on the source",
    of: ({ source }) => source.accuracy.value,
    estimate: ({ source }) => estimateOf(source.accuracy),
  },
  {
    id: "target",
    label: "Target accuracy",
    short: "Target",
    unit: "percent",
    sentence:
      "The share of the target domain's test images that the transferred model gets right, be it a new head on frozen " +
      "features or fine-tuned, as the setting says: transfer without any comparison.",
    formula: "acc_T = mean of 1[g_T(f(x)) = y] on the target",
    of: ({ target }) => target.accuracy.value,
    estimate: ({ target }) => estimateOf(target.accuracy),
  },
  {
    id: "tau",
    label: "Transfer loss τ",
    short: "τ",
    unit: "nats",
    sentence:
      "Relative transferability loss, from test losses: how much more loss the best head has on the target than the model " +
      "has on the source. Lower is better.",
    formula: "τ = inf over g of l_T(g ∘ f) − l_S(g_S ∘ f)",
    of: ({ source, target }) => target.loss.value - source.loss.value,
  },
  {
    id: "targetRobust",
    label: "Robust accuracy on the target",
    short: "Target robust",
    unit: "percent",
    sentence: "The share of attacked target test images that the transferred model still gets right.",
    formula: "mean of 1[g_T(f(x′)) = y for all x′ that the attack tried] on the target",
    of: ({ target }) => target.robust?.accuracy.value,
  },
  {
    id: "sourceLoss",
    label: "Source loss",
    short: "Source loss",
    unit: "nats",
    sentence: "Mean cross-entropy on the source domain's test images.",
    formula: "l_S = mean of −log p(y | x)",
    of: ({ source }) => source.loss.value,
    estimate: ({ source }) => estimateOf(source.loss),
  },
  {
    id: "targetLoss",
    label: "Target loss",
    short: "Target loss",
    unit: "nats",
    sentence: "Mean cross-entropy of the transferred model on the target domain's test images.",
    formula: "l_T = mean of −log p(y | x)",
    of: ({ target }) => target.loss.value,
    estimate: ({ target }) => estimateOf(target.loss),
  },
  {
    id: "trainLoss",
    label: "Source training loss",
    short: "Train loss",
    unit: "nats",
    sentence: "Mean cross-entropy on the source's training images without augmentation, after training.",
    formula: "mean of −log p(y | x) on the training images",
    of: ({ source }) => source.trainLoss.value,
  },
  {
    id: "boundTau",
    label: "τ on the bound's samples",
    short: "τ bounded",
    unit: "nats",
    sentence:
      "Relative transferability loss on the training images that carryover theory bound looked at, the best target head " +
      "taken from heads of bounded length. No model passes the line d, the largest |inf l_S − inf l_T| over the models.",
    formula: "τ = inf over g of l_T(g ∘ f) − l_S(g_S ∘ f) ≤ d",
    of: (_, { bound }) => bound?.tau,
  },
  {
    id: "boundDifference",
    label: "|inf l_S − inf l_T|",
    short: "|diff|",
    unit: "nats",
    sentence: "How far the best heads' losses on the two domains are apart; d is the largest over the models.",
    formula: "|inf over g of l_S(g ∘ f) − inf over g of l_T(g ∘ f)|",
    of: (_, { bound }) => bound?.difference,
  },
  {
    id: "trainSeconds",
    label: "Training time",
    short: "Train time",
    unit: "seconds",
    sentence: "Seconds that training on the source took on one worker.",
    formula: "wall-clock seconds",
    of: ({ seconds }) => seconds.train,
  },
];

/** What may foretell transfer, measured beside the accuracies. */
const foretelling = (Object.entries(predictors) as [PredictorName, PredictorInfo][]).map(
  ([id, { label: name, formula, citation, sees }]): MeasuredQuantity => {
    const label = name.charAt(0).toUpperCase() + name.slice(1);
    return {
      id,
      label,
      short: label,
      unit: "number",
      sentence: `A predictor of transfer, from the ${sees}'s images${citation === "-" ? "" : ` (${citation})`}.`,
      formula,
      of: (row) => row.predictors?.[id]?.value,
    };
  },
);

/** Everything that a table's column or a figure's axis may show, in the order of menus. */
export const quantities: readonly MeasuredQuantity[] = [...measured, ...foretelling];

/** A point's estimate of a quantity: metrics' own, or the mean over its rows with Student's t interval. */
export function estimateFor(quantity: MeasuredQuantity, point: Point, rows: readonly (readonly [Row, Beside])[]) {
  if (quantity.estimate) return quantity.estimate(point);
  const values = rows.flatMap(([row, beside]) => quantity.of(row, beside) ?? []);
  if (values.length === 0) return undefined;
  const interval = meanInterval(values);
  return estimateOf({
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    interval,
    intervalKind: interval && "student",
    values,
  });
}

function estimateOf({ mean, interval, intervalKind, values }: RawEstimate): Estimate {
  return { mean, ...(interval ? { interval, intervalKind } : {}), values: [...values] };
}

interface RawEstimate {
  readonly mean: number;
  readonly interval: Interval | undefined;
  readonly intervalKind: Estimate["intervalKind"];
  readonly values: readonly number[];
}
