import { InputError, randomStream, seedFor } from "../base/index.ts";

/** Which examples of a train file train and which validate: indices into it, ascending, without a common one. */
export interface TrainValidation {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

/**
 * Splits a train file by seed: `validation` examples, and `train` others (null takes all that are left).
 *
 * Both are drawn class by class, in the proportions of the file, because a class that is missing or rare by chance would
 * move accuracies more than the methods under study do. For one seed and one validation count, a smaller `train` is
 * always a subset of a larger one, so that an axis of sample sizes compares like with like.
 *
 * Throws InputError when more is asked than there is, or a count is not a whole number.
 */
export function splitTrainValidation(
  labels: Int32Array,
  { train, validation, seed }: { readonly train: number | null; readonly validation: number; readonly seed: number },
): TrainValidation {
  const n = labels.length;
  checkCount("validation", validation);
  if (train !== null) checkCount("train", train);
  if (validation + (train ?? 1) > n)
    throw new InputError(
      `split: expected train + validation of at most ${n} examples, got ${train ?? "at least 1"} + ${validation}`,
    );
  const order = stratifiedOrder(labels, seedFor(seed, "split", "train"));
  return {
    train: order.slice(validation, train === null ? n : validation + train).sort(),
    validation: order.slice(0, validation).sort(),
  };
}

/**
 * The test examples to use, by seed: indices, ascending; null takes all of them. Drawn class by class as the train
 * subsets are. Throws InputError when more is asked than there is.
 */
export function testSubset(
  labels: Int32Array,
  { test, seed }: { readonly test: number | null; readonly seed: number },
): Uint32Array {
  const n = labels.length;
  if (test === null) return Uint32Array.from({ length: n }, (_, i) => i);
  checkCount("test", test);
  if (test > n) throw new InputError(`split: expected test of at most ${n} examples, got ${test}`);
  return stratifiedOrder(labels, seedFor(seed, "split", "test"))
    .slice(0, test)
    .sort();
}

/**
 * A random order of 0 ... n-1 of which every beginning holds the classes in the proportions of the whole, as near as whole
 * examples can (Webster's method of apportionment): the r-th example of a class of m, in random order, r = 0 ... m-1,
 * stands at (r + 1/2) / m, and chance decides between equal ones. Of equally large classes, every beginning holds equally
 * many within one.
 */
export function stratifiedOrder(labels: Int32Array, seed: number): Uint32Array {
  const n = labels.length;
  const stream = randomStream(seed);
  const chance = Float64Array.from({ length: n }, () => stream.uniform());
  const byChance = (i: number, j: number) => (chance[i] as number) - (chance[j] as number) || i - j;
  const classes = new Map<number, number[]>();
  for (let i = 0; i < n; i++) {
    const label = labels[i] as number;
    const members = classes.get(label);
    if (members) members.push(i);
    else classes.set(label, [i]);
  }
  const place = new Float64Array(n);
  for (const members of classes.values()) {
    members.sort(byChance);
    members.forEach((member, rank) => {
      place[member] = (rank + 0.5) / members.length;
    });
  }
  return Uint32Array.from({ length: n }, (_, i) => i).sort(
    (i, j) => (place[i] as number) - (place[j] as number) || byChance(i, j),
  );
}

function checkCount(name: string, count: number): void {
  if (!Number.isInteger(count) || count < 0)
    throw new InputError(`split: ${name}: expected a whole number of at least 0, got ${count}`);
}
