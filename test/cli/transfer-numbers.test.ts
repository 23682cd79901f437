import { describe, expect, test } from "vitest";
import { reportOf } from "../../src/cli/transfer/compare-models.ts";
import { accuracyOf, meanPerClassOf, perClassOf } from "../../src/cli/transfer/estimates.ts";

describe("numbers of several draws", () => {
  // Right answers on two images of class a and one of b: 2 of 3, then 1 of 3.
  const draws = [Uint8Array.of(1, 1, 0), Uint8Array.of(1, 0, 0)];
  const labels = Int32Array.of(0, 0, 1);
  // Student's t with one degree of freedom at 97.5 %: tan(0.475 pi).
  const t = Math.tan(0.475 * Math.PI);

  test("are means over the draws, with Student's interval", () => {
    const accuracy = accuracyOf(draws);
    expect(accuracy).toMatchObject({ n: 3, interval: "Student's t over the draws" });
    expect(accuracy.value).toBeCloseTo(1 / 2, 12);
    expect(accuracy.high - accuracy.value).toBeCloseTo(t / 6, 8);
    // Classes: 1 and 0, then 1/2 and 0.
    const each = meanPerClassOf(draws, labels, 0);
    expect(each).toMatchObject({ value: 3 / 8, classes: 2, interval: "Student's t over the draws" });
    expect(each.value - each.low).toBeCloseTo(t / 8, 8);
    expect(perClassOf(draws, labels, ["a", "b", "c"])).toEqual([
      { class: "a", value: 3 / 4, n: 2 },
      { class: "b", value: 0, n: 1 },
      { class: "c", value: Number.NaN, n: 0 },
    ]);
  });

  test("of one draw have the noise of the test images", () => {
    expect(accuracyOf(draws.slice(0, 1))).toMatchObject({ value: 2 / 3, interval: "Wilson, of the test images" });
    expect(meanPerClassOf(draws.slice(0, 1), labels, 0)).toMatchObject({
      value: 1 / 2,
      interval: "bootstrap of each class's test images",
    });
  });
});

describe("the ranking's report", () => {
  const ranked = [0.92, 0.05, 0.03].map((probabilityBest, i) => ({
    ...{ file: `${i}.onnx`, model: "onnx", checkpoint: "", side: 32, predictors: {}, notes: [] },
    ...{ accuracy: accuracyOf([Uint8Array.of(1, 1, 0)]), probabilityBest },
  }));
  const facts = {
    target: { name: "mine", digest: "", classes: ["a", "b"], train: 9, validation: 3, test: 3 },
    ...{ protocol: "frozen", seed: 0, resamples: 2000, notes: [] },
    ranked,
    // The first beats each of the others in 96 of 100, and is the best of all in 92.
    better: [
      [0.5, 0.96, 0.96],
      [0.04, 0.5, 0.5],
      [0.04, 0.5, 0.5],
    ],
  };

  test("calls the first place clear by the probability that it is the best of all, and names Wilson's intervals", () => {
    const [first = ""] = reportOf(facts).tables[0]?.notes ?? [];
    expect(first).toBe(
      "0.onnx is the best of all in 92.0 % of 2000 resamples; the first place is not settled by these test images.",
    );
    const sure = ranked.map((each, i) => ({ ...each, probabilityBest: [0.95, 0.05, 0][i] ?? 0 }));
    const [told = "", noise] = reportOf({ ...facts, ranked: sure }).tables[0]?.notes ?? [];
    expect(told).toContain("95.0 % of 2000 resamples; the first place is clear");
    expect(noise).toContain("intervals: Wilson, of the test images");
  });
});
