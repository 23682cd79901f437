import { describe, expect, test } from "vitest";
import {
  relativeTransfer,
  relativeTransferAccuracy,
  relativeTransferByTrial,
} from "../../src/metrics/relative-transfer.ts";
import type { Row } from "../../src/studies/row.ts";
import { quickstartRows, rowOf, trialOf } from "../figures/fixture.ts";

const jr = [{ kind: "jr", strength: 0.1 }];
const vanillaAt = (seed: number) => rowOf(trialOf([], seed), { source: 0.6, robust: 0.3, target: 0.9 });

const only = (rows: readonly Row[], kind: string) => {
  const found = relativeTransfer(rows).filter(({ kinds }) => kinds.join() === kind);
  expect(found).toHaveLength(1);
  return found[0] ?? expect.unreachable();
};

describe("relative transfer", () => {
  test("is the gain in target accuracy less the gain in source accuracy", () => {
    const row = rowOf(trialOf(jr, 0), { source: 0.5, robust: 0.4, target: 0.85 });
    // (0.85 - 0.50) - (0.90 - 0.60) = 0.05
    expect(relativeTransferAccuracy(row, vanillaAt(0))).toBeCloseTo(0.05, 12);
  });

  test("vanilla sits at 0, with no width", () => {
    const two = only([vanillaAt(0), vanillaAt(1)], "");
    expect(two.dt).toMatchObject({ mean: 0, interval: { low: 0, high: 0 }, values: [0, 0] });
    expect(only([vanillaAt(0)], "").dt).toMatchObject({ mean: 0, interval: { low: 0, high: 0 } });
  });

  test("each seed is compared with the vanilla model of the same seed", () => {
    const rows = [
      rowOf(trialOf([], 0), { source: 0.6, robust: 0.3, target: 0.9 }),
      rowOf(trialOf([], 1), { source: 0.7, robust: 0.3, target: 0.8 }),
      rowOf(trialOf(jr, 0), { source: 0.5, robust: 0.4, target: 0.9 }),
      rowOf(trialOf(jr, 1), { source: 0.5, robust: 0.5, target: 0.9 }),
    ];
    // seed 0: 0.4 - 0.3 = 0.1; seed 1: 0.4 - 0.1 = 0.3; mean 0.2, s = 0.1 sqrt 2, t(1) = 12.7062, margin 1.27062
    const { dt, robust, seeds } = only(rows, "jr");
    expect(seeds).toEqual([0, 1]);
    expect(dt?.values[0]).toBeCloseTo(0.1, 12);
    expect(dt?.values[1]).toBeCloseTo(0.3, 12);
    expect(dt?.mean).toBeCloseTo(0.2, 12);
    expect(dt?.intervalKind).toBe("student");
    expect(dt?.interval?.low).toBeCloseTo(0.2 - 1.27062, 5);
    expect(dt?.n).toEqual([4000, 4000]);
    expect(robust.mean).toBeCloseTo(0.45, 12);
    // Student's 0.45 +- 0.635, as far as an accuracy goes.
    expect(robust.interval).toEqual({ low: 0, high: 1 });
  });

  test("with one seed the intervals tell the noise of the test sets, and say so", () => {
    const rows = [vanillaAt(0), rowOf(trialOf(jr, 0), { source: 0.5, robust: 0.4, target: 0.8 })];
    const { dt, robust, source, target } = only(rows, "jr");
    // 0.6*0.4/2000 + 0.9*0.1/4000 + 0.25/2000 + 0.16/4000 = 0.0003075; 1.96 * its root = 0.034370
    expect(dt?.intervalKind).toBe("binomial");
    expect(dt?.interval?.high).toBeCloseTo(0.0 + 0.03437, 5);
    expect(dt?.interval?.low).toBeCloseTo(0.0 - 0.03437, 5);
    // Wilson, 200 of 500: centre (0.4 + 0.00384146) / 1.00768292, margin 0.04278344 (calculated elsewhere)
    expect(robust.intervalKind).toBe("wilson");
    expect(robust.interval?.low).toBeCloseTo(0.357979, 5);
    expect(robust.interval?.high).toBeCloseTo(0.443546, 5);
    expect(source.accuracy.intervalKind).toBe("wilson");
    expect(target.loss).toMatchObject({ interval: undefined, intervalKind: undefined });
  });

  test("seeds that happen to agree do not make the interval narrower than the test examples' own noise", () => {
    const rows = [0, 1].flatMap((seed) => [
      vanillaAt(seed),
      rowOf(trialOf(jr, seed), { source: 0.5, robust: 0.4, target: 0.8 }),
    ]);
    const { dt, robust } = only(rows, "jr");
    // Two equal seeds have no spread. Wilson, 400 of 1000; and 1.96 sqrt(0.0003075 / 2) = 0.024303.
    expect(robust.intervalKind).toBe("wilson");
    expect(robust.interval?.low).toBeCloseTo(0.370075, 5);
    expect(robust.interval?.high).toBeCloseTo(0.430691, 5);
    expect(dt?.intervalKind).toBe("binomial");
    expect(dt?.interval?.high).toBeCloseTo(0.024303, 5);
  });

  test("seeds that share the whole test set do not make its noise smaller: it counts as often as it was drawn", () => {
    const whole = (seed: number, methods: typeof jr) => {
      const trial = trialOf(methods, seed);
      return { ...trial, source: { ...trial.source, test: null } };
    };
    const rows = [0, 1].flatMap((seed) => [
      rowOf(whole(seed, []), { source: 0.6, robust: 0.3, target: 0.9 }),
      rowOf(whole(seed, jr), { source: 0.5, robust: 0.4, target: 0.8 }),
    ]);
    const { dt, robust, source } = only(rows, "jr");
    // Wilson, 1,000 of 2,000: centre 0.5, margin 1.96 sqrt(0.25 / 2000 + 1.96^2 / (4 * 2000^2)) / (1 + 1.96^2 / 2000) = 0.0218921.
    expect(source.accuracy.interval?.high).toBeCloseTo(0.5218921, 6);
    // The attacked images are 500 of the seed's own still: Wilson, 400 of 1,000.
    expect(robust.interval?.high).toBeCloseTo(0.430691, 5);
    // The source's (0.24 + 0.25) / 2000 once, the target's (0.09 + 0.16) / 4000 halved: 1.96 sqrt(0.00027625) = 0.0325763.
    expect(dt?.interval?.high).toBeCloseTo(0.0325763, 6);
    const all = rows.map((row) => ({
      ...row,
      trial: { ...row.trial, attack: { ...row.trial.attack, examples: null } },
    }));
    // Wilson, 200 of 500, as of one seed.
    expect(only(all, "jr").robust.interval?.high).toBeCloseTo(0.443546, 5);
  });

  test("each trial has its own value, by its id", () => {
    const row = rowOf(trialOf(jr, 0), { source: 0.5, robust: 0.4, target: 0.85 });
    const alone = rowOf(trialOf(jr, 1), { source: 0.5, robust: 0.4, target: 0.85 });
    const values = relativeTransferByTrial([row, alone, vanillaAt(0)]);
    expect(values.get(row.trialId)).toBeCloseTo(0.05, 12);
    expect(values.get(vanillaAt(0).trialId)).toBe(0);
    expect(values.has(alone.trialId)).toBe(false);
  });

  test("without vanilla DT is undefined and a note says so; a seed without vanilla is left out by name", () => {
    const row = (seed: number) => rowOf(trialOf(jr, seed), { source: 0.5, robust: 0.4, target: 0.8 });
    expect(only([row(0)], "jr")).toMatchObject({
      dt: undefined,
      notes: ["no vanilla row in the same setting, so DT Acc leaves out seed 0"],
    });
    const partial = only([row(0), row(1), vanillaAt(1)], "jr");
    expect(partial.dt?.values).toHaveLength(1);
    expect(partial.robust.values).toHaveLength(2);
    expect(partial.notes).toEqual(["no vanilla row in the same setting, so DT Acc leaves out seed 0"]);
  });

  test("a vanilla row of another setting does not count", () => {
    const other = trialOf([], 0, { model: "resnet18" });
    const rows = [
      rowOf(other, { source: 0.6, robust: 0.3, target: 0.9 }),
      rowOf(trialOf(jr, 0), { source: 0.5, robust: 0.4, target: 0.8 }),
    ];
    expect(only(rows, "jr").dt).toBeUndefined();
  });

  test("collapsed models are counted and named, also when it is the vanilla one", () => {
    const rows = [
      rowOf(trialOf([], 0), { source: 0.1, robust: 0.1, target: 0.5, collapsed: true }),
      rowOf(trialOf(jr, 0), { source: 0.1, robust: 0.1, target: 0.5, collapsed: true }),
    ];
    const point = only(rows, "jr");
    expect(point.collapsed).toBe(1);
    expect(point.notes).toEqual([
      "the source model collapsed (accuracy at chance) at seed 0",
      "compared with a vanilla model that collapsed at seed 0",
    ]);
  });

  test("of two rows of one trial the later counts", () => {
    const early = { ...vanillaAt(0), finishedAt: "2026-11-01T00:00:00.000Z" };
    const late = rowOf(trialOf([], 0), { source: 0.7, robust: 0.35, target: 0.9 });
    expect(only([late, early], "").robust.values).toEqual([0.35]);
  });

  test("the order of the rows has no influence; vanilla comes first, then kinds by strength", () => {
    const rows = quickstartRows();
    const points = relativeTransfer(rows);
    expect(relativeTransfer(rows.toReversed())).toEqual(points);
    expect(points.map(({ kinds, strength }) => [...kinds, strength].join(" ")).slice(0, 4)).toEqual([
      "",
      "blur 3",
      "blur 5",
      "jr 0.01",
    ]);
  });

  test("combinations are points of their own, after the single methods", () => {
    const both = [...jr, { kind: "blur", strength: 3 }];
    const rows = [vanillaAt(0), rowOf(trialOf(both, 0), { source: 0.5, robust: 0.4, target: 0.8 })];
    const point = relativeTransfer(rows).at(-1);
    expect(point?.kinds).toEqual(["jr", "blur"]);
    expect(point?.strength).toBeUndefined();
  });
});
