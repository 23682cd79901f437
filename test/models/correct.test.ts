import { expect, test } from "vitest";
import { float32, type Tensor } from "../../src/base/index.ts";
import { compile, crossEntropy, type Traced } from "../../src/engine/index.ts";
import { correct } from "../../src/models/index.ts";
import { labels } from "./tiny.ts";

async function judge(rows: readonly (readonly number[])[], y: readonly number[]) {
  const logits = float32([rows.length, rows[0]?.length ?? 0], rows.flat());
  const run = await compile<{ loss: Tensor; correct: Tensor }>(
    (z: Traced, t: Traced) => ({ loss: crossEntropy(z, t), correct: correct(z, t) }),
    [logits, labels(...y)],
  );
  const out = await run(logits, labels(...y));
  return { loss: [...out.loss.data], correct: [...out.correct.data] };
}

test("cross-entropy by hand: ln 2 at even odds, ln(1 + e^-3) with the label 3 ahead, 40 when it is 40 behind", async () => {
  const { loss } = await judge(
    [
      [0, 0],
      [3, 0],
      [0, 40],
    ],
    [0, 0, 0],
  );
  expect(loss[0]).toBeCloseTo(Math.log(2), 6);
  expect(loss[1]).toBeCloseTo(Math.log(1 + Math.exp(-3)), 6);
  expect(loss[2]).toBeCloseTo(40, 5);
});

test("huge logits overflow nowhere", async () => {
  const { loss } = await judge(
    [
      [1e4, -1e4],
      [1e4, -1e4],
    ],
    [0, 1],
  );
  expect(loss).toEqual([0, 2e4]);
});

test("the largest logit wins, the first of equals as argmax has it", async () => {
  const rows = [
    [1, 2, 0],
    [1, 2, 0],
    [5, 5, 1],
    [5, 5, 1],
    [0, 0, 0],
    [0, 0, 0],
  ];
  expect((await judge(rows, [1, 0, 0, 1, 0, 2])).correct).toEqual([1, 0, 1, 0, 1, 0]);
});

test("NaN among the logits is never right", async () => {
  const rows = [
    [Number.NaN, Number.NaN],
    [1, Number.NaN],
    [Number.NaN, 1],
    [Number.NaN, 1],
  ];
  expect((await judge(rows, [0, 0, 1, 0])).correct).toEqual([0, 0, 0, 0]);
});
