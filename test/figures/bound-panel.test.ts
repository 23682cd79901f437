import { expect, test } from "vitest";
import { figureSpec } from "../../src/figures/index.ts";
import { relativeTransfer } from "../../src/metrics/index.ts";
import { rowOf, sweep, trialOf } from "./fixture.ts";

const jr = [{ kind: "jr", strength: 0.1 }];
const rows = [0, 1].flatMap((seed) => [
  rowOf(trialOf([], seed), { source: 0.5, robust: 0.3, target: 0.7 }),
  rowOf(trialOf(jr, seed), { source: 0.5, robust: 0.4, target: 0.8 }),
]);
const infimum = { loss: 1, gap: 0 };
const bound = {
  points: rows.map(({ trialId, trial }, i) => ({
    id: trialId,
    label: `${trial.methods[0]?.kind ?? "vanilla"}, seed ${trial.seed}`,
    family: trial.methods[0]?.kind ?? "vanilla",
    ...{ sourceLoss: 1, bestSource: infimum, bestTarget: infimum, difference: 0.5, slack: 0.5 - 0.1 * i, holds: true },
    tau: 0.1 * i,
  })),
  d: 0.5,
  maximiser: rows[1]?.trialId ?? "",
  n: { source: 9, target: 9 },
  sample: { confidence: 0.95, total: 3 },
};
const textOf = (...[some, about]: Parameters<typeof figureSpec>) => JSON.stringify(figureSpec(some, about));
const points = relativeTransfer(rows);

test("the figure has the line d with its model, and tau as the mean over seeds", () => {
  const text = textOf(points, { study: "test", bound });
  expect(text).toContain("d ≥ 0.500 nats, by jr, seed 0: τ ≤ d");
  // vanilla: (0 + 0.2) / 2; jr: (0.1 + 0.3) / 2.
  expect(text).toContain("vanilla: τ 0.100 nats, robust accuracy 30.0 %");
  expect(text).toContain("JR 0.1: τ 0.200 nats, robust accuracy 40.0 %");
  expect(text).toContain("on 9 source and 9 target training images");
});

test("without a bound, with one of other trials, or with several settings, there is no line", () => {
  const others = { ...bound, points: bound.points.map((point) => ({ ...point, id: `x${point.id}` })) };
  const plain = textOf(points, { study: "test" });
  expect(plain).not.toContain("τ ≤ d");
  expect(textOf(points, { study: "test", bound: others })).toBe(plain);
  const second = sweep([], [0], { model: "cifar-cnn" });
  expect(textOf(relativeTransfer([...rows, ...second]), { study: "test", bound })).not.toContain("τ ≤ d");
});
