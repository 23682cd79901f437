import { InputError } from "../base/index.ts";
import { inverseCurvatureBound } from "./curvature-bound.ts";
import { headAt } from "./head-vector.ts";
import { type Evaluated, lbfgs } from "./lbfgs.ts";
import { type Head, type LabelledFeatures, softmaxRegression } from "./softmax-regression.ts";
import { onRawFeatures, onStandardisedHead, type Standardisation, standardisation } from "./standardisation.ts";

export interface FitOptions {
  readonly classes: number;
  /** Penalties to try. */
  readonly l2: readonly number[];
  /** Largest component of the gradient, in standardised coordinates, at which a fit counts as converged. */
  readonly tolerance?: number;
  readonly maxIterations?: number;
}

/** One fit, at one penalty. Losses are mean cross-entropies in nats, without the penalty. */
export interface HeadFit {
  readonly l2: number;
  /** On raw features. */
  readonly head: Head;
  readonly trainLoss: number;
  readonly validationLoss: number;
  /** Share of right answers, in [0, 1]. */
  readonly validationAccuracy: number;
  readonly iterations: number;
  /** Largest component of the objective's gradient, in standardised coordinates, where the fit stopped. */
  readonly gradientNorm: number;
  readonly converged: boolean;
}

/** One iteration of a fit. */
interface FitStep {
  /** Fits that are done. */
  readonly fitted: number;
  /** Iterations of the one that is not. */
  readonly iteration: number;
}

/**
 * Fits softmax regression heads to convergence, one for each penalty, from strong to weak, each from the last one's
 * minimum. Yields after every iteration, returns the fits; `bestFit` chooses among them.
 *
 * Objective: mean cross-entropy + (l2 / 2) ||W||_F^2, W the weight for standardised features (see `standardisation`),
 * the bias free. In scikit-learn's terms, StandardScaler and C = 1 / (n l2). It is convex, so the answer does not
 * depend on a learning rate, a number of epochs or a seed. With l2 = 0 on separable features there is no minimum, and
 * the fit ends not converged.
 *
 * Differs from Xu et al. 2022, whose code fine-tunes all parameters by SGD for 40 epochs.
 */
export function* fitHeads(
  train: LabelledFeatures,
  validation: LabelledFeatures,
  options: FitOptions,
): Generator<FitStep, readonly HeadFit[]> {
  checkFit(train, validation, options);
  const { classes, tolerance, maxIterations } = options;
  const coordinates = standardisation(train);
  // The bound has a row for each feature: with fewer examples than these it costs more than the steps it saves.
  const preconditionFor =
    train.labels.length < train.size ? () => undefined : inverseCurvatureBound(train, coordinates);
  let point: Float64Array = new Float64Array(classes * train.size + classes);
  const fits: HeadFit[] = [];
  for (const l2 of options.l2.toSorted((a, b) => b - a)) {
    const objective = (at: Float64Array) => penalisedLoss(train, coordinates, l2, at);
    const precondition = preconditionFor(l2);
    const search = lbfgs(objective, point, { tolerance, maxIterations, precondition });
    let next = search.next();
    for (; !next.done; next = search.next()) yield { fitted: fits.length, iteration: next.value.iterations };
    const minimum = next.value;
    point = minimum.point;
    const head = onRawFeatures(headAt(point, train.size), coordinates);
    const { iterations, gradientNorm, converged } = minimum;
    const trainLoss = softmaxRegression(train, head).loss;
    const { loss: validationLoss, correct } = softmaxRegression(validation, head);
    const validationAccuracy = correct / validation.labels.length;
    fits.push({ l2, head, trainLoss, validationLoss, validationAccuracy, iterations, gradientNorm, converged });
  }
  return fits;
}

/** The fit with the least validation loss; of equals, the stronger penalty. */
export function bestFit(fits: readonly HeadFit[]): HeadFit {
  return fits
    .toSorted((a, b) => b.l2 - a.l2)
    .reduce((least, fit) => (fit.validationLoss < least.validationLoss ? fit : least));
}

/**
 * Mean cross-entropy + (l2 / 2) ||W||^2 and its gradient at a point: a head on standardised features, [classes * size]
 * weights, then [classes] biases.
 */
export function penalisedLoss(
  data: LabelledFeatures,
  coordinates: Standardisation,
  l2: number,
  point: Float64Array,
): Evaluated {
  const { weight, bias } = headAt(point, data.size);
  const measured = softmaxRegression(data, onRawFeatures({ weight, bias }, coordinates));
  const pulled = onStandardisedHead(measured.gradient, coordinates);
  const gradient = new Float64Array(point.length);
  let value = measured.loss;
  for (let i = 0; i < weight.length; i++) {
    const w = weight[i] as number;
    value += (l2 / 2) * w * w;
    gradient[i] = (pulled.weight[i] as number) + l2 * w;
  }
  gradient.set(pulled.bias, weight.length);
  return { value, gradient };
}

function checkFit(train: LabelledFeatures, validation: LabelledFeatures, { classes, l2 }: FitOptions): void {
  for (const [name, { features, labels, size }] of Object.entries({ train, validation })) {
    if (labels.length === 0 || features.length !== labels.length * size || size !== train.size)
      throw new InputError(
        `transfer: ${name}: expected features of ${labels.length} x ${train.size} (and at least one row), got ${features.length} numbers`,
      );
    const wrong = labels.find((label) => label < 0 || label >= classes);
    if (wrong !== undefined)
      throw new InputError(`transfer: ${name}: labels: expected classes 0 to ${classes - 1}, got ${wrong}`);
    const broken = features.findIndex((value) => !Number.isFinite(value));
    if (broken >= 0)
      throw new Error(`transfer: ${name}: feature ${broken % size} of row ${Math.floor(broken / size)} is not finite`);
  }
  const wrong = l2.find((strength) => !(strength >= 0) || !Number.isFinite(strength));
  if (l2.length === 0 || wrong !== undefined)
    throw new InputError(`transfer: l2: expected at least one number, each at least 0, got ${wrong ?? "none"}`);
}
