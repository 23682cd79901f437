import { mean, meanInterval, wilsonInterval } from "../../base/index.ts";
import { meanPerClass, meanPerClassInterval } from "../../metrics/index.ts";
import type { Estimated, Findings } from "./findings.ts";

/** Flags of right answers on one test set, [n], for each draw of the training images; one where all of them were taken. */
export type Draws = readonly Uint8Array[];

const overDraws = "Student's t over the draws";

/** Accuracy: a share of the test images, or the mean over draws. */
export function accuracyOf(draws: Draws): Estimated {
  const [first = new Uint8Array()] = draws;
  const shares = sharesOf(draws);
  const value = mean(shares);
  const n = first.length;
  const between = meanInterval(shares);
  if (between) return { value, n, ...between, interval: overDraws };
  return { value, n, ...wilsonInterval(Math.round(value * n), n), interval: "Wilson, of the test images" };
}

/** The accuracy of each draw. */
export const sharesOf = (draws: Draws): number[] => draws.map((correct) => mean([...correct]));

/** The mean over classes of the accuracy in each, of the one head or the mean over draws. */
export function meanPerClassOf(draws: Draws, labels: Int32Array, seed: number): Findings["meanPerClass"] {
  const [first = new Uint8Array()] = draws;
  const each = draws.map((correct) => meanPerClass(correct, labels).value);
  const between = meanInterval(each);
  return {
    ...meanPerClass(first, labels),
    value: mean(each),
    ...(between ?? meanPerClassInterval(first, labels, { seed })),
    interval: between ? overDraws : "bootstrap of each class's test images",
  };
}

/** The accuracy in each class; NaN where no test image is of it. */
export function perClassOf(draws: Draws, labels: Int32Array, classes: readonly string[]): Findings["perClass"] {
  return classes.map((name, label) => {
    const members = [...labels.keys()].filter((i) => labels[i] === label);
    const flags = draws.flatMap((correct) => members.map((i) => correct[i] ?? 0));
    return { class: name, value: mean(flags), n: members.length };
  });
}
