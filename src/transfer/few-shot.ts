import { InputError, permutation, randomStream, seedFor } from "../base/index.ts";
import { fitHeads, type HeadFit } from "./fit-head.ts";
import { featureRows, rightAnswers } from "./predictions.ts";
import type { LabelledFeatures } from "./softmax-regression.ts";

export interface FewShotOptions {
  readonly classes: readonly string[];
  /** Examples of each class. */
  readonly perClass: number;
  /** How often they are drawn anew. */
  readonly draws: number;
  /** Penalties on the head's weight to choose from. */
  readonly l2: readonly number[];
  readonly seed: number;
  /** Multiply-adds of a pass over the examples from which on a penalty is chosen once, in two folds. */
  readonly largeFit?: number;
}

export interface FewShotDraw {
  readonly fit: HeadFit;
  /** 1 where the test example is answered right: [n]. */
  readonly correct: Uint8Array;
}

/**
 * Few-shot transfer: heads fitted on `perClass` examples of each class, drawn anew for every draw. The penalty is chosen by
 * cross-validation among those few examples alone (as many folds as examples of a class, at most five; of one example a
 * class nothing can be held out, and the middle penalty serves). Test rows decide nothing. Yields draws done.
 * Where there are so many examples, classes and features that this would take an hour, it is chosen on the first draw, in
 * two folds, for all.
 *
 * Of one draw, fewer examples are always a part of more, so that a curve over `perClass` compares like with like.
 * Throws InputError naming the class when one has too few examples.
 */
export function* fewShot(
  train: LabelledFeatures,
  test: LabelledFeatures,
  { classes, perClass, draws, l2, seed, largeFit = 5e7 }: FewShotOptions,
): Generator<{ readonly done: number; readonly of: number }, readonly FewShotDraw[]> {
  const made: FewShotDraw[] = [];
  const isLarge = perClass * classes.length ** 2 * train.size >= largeFit;
  let penalty: number | undefined;
  for (let draw = 0; draw < draws; draw++) {
    const indices = drawPerClass(train.labels, classes, { perClass, seed, draw });
    const few = featureRows(train, indices);
    if (penalty === undefined || !isLarge)
      penalty = choosePenalty(few, { classes: classes.length, perClass, l2, folds: isLarge ? 2 : 5 });
    const [fit] = finished(fitHeads(few, test, { classes: classes.length, l2: [penalty] }));
    if (!fit) throw new Error("few-shot: no fit");
    made.push({ fit, correct: rightAnswers(test, fit.head) });
    yield { done: draw + 1, of: draws };
  }
  return made;
}

/** Indices of `perClass` random examples of each class, class by class in turn: position k holds class k mod classes. */
export function drawPerClass(
  labels: Int32Array,
  classes: readonly string[],
  { perClass, seed, draw }: { readonly perClass: number; readonly seed: number; readonly draw: number },
): Uint32Array {
  if (!Number.isInteger(perClass) || perClass < 1)
    throw new InputError(`few-shot: expected a whole number of examples a class, at least 1, got ${perClass}`);
  const order = permutation(labels.length, randomStream(seedFor(seed, "few-shot", draw)));
  const chosen: number[][] = classes.map(() => []);
  for (const i of order) {
    const members = chosen[labels[i] as number];
    if (members && members.length < perClass) members.push(i);
  }
  const poor = chosen.findIndex((members) => members.length < perClass);
  if (poor >= 0)
    throw new InputError(
      `few-shot: class "${classes[poor]}": expected at least ${perClass} training examples, got ${chosen[poor]?.length}`,
    );
  return Uint32Array.from({ length: perClass * classes.length }, (_, k) => {
    const members = chosen[k % classes.length] as number[];
    return members[Math.floor(k / classes.length)] as number;
  });
}

interface PenaltyOptions {
  readonly classes: number;
  readonly perClass: number;
  readonly l2: readonly number[];
  /** At most so many folds. */
  readonly folds: number;
}

/** The penalty of the least mean loss over folds; example j of each class stands in fold j mod folds. */
function choosePenalty(few: LabelledFeatures, { classes, perClass, l2, folds: most }: PenaltyOptions): number {
  const sorted = l2.toSorted((a, b) => a - b);
  const middle = sorted[sorted.length >> 1] as number;
  if (perClass === 1 || sorted.length === 1) return middle;
  const folds = Math.min(most, perClass);
  const rows = [...few.labels.keys()];
  const heldOut = (fold: number) => (k: number) => Math.floor(k / classes) % folds === fold;
  const byFold = Array.from({ length: folds }, (_, fold) => {
    const within = featureRows(
      few,
      rows.filter((k) => !heldOut(fold)(k)),
    );
    return finished(fitHeads(within, featureRows(few, rows.filter(heldOut(fold))), { classes, l2, tolerance: 1e-4 }));
  });
  const loss = (penalty: number) =>
    byFold.reduce((sum, fits) => sum + (fits.find(({ l2 }) => l2 === penalty)?.validationLoss ?? 0), 0);
  return sorted.reduce((best, penalty) => (loss(penalty) <= loss(best) ? penalty : best));
}

function finished<Out>(run: Generator<unknown, Out>): Out {
  for (;;) {
    const next = run.next();
    if (next.done) return next.value;
  }
}
