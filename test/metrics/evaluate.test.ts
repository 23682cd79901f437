import { expect, test } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { type Evaluation, type EvaluationOptions, evaluate, pooled, robustness } from "../../src/metrics/index.ts";
import { imagesOf, linearModel, pixels } from "../attacks/linear-model.ts";

const row = (red: number, blue: number) =>
  Array.from({ length: pixels }, (_, i) => (i === 0 ? red : i === pixels - 1 ? blue : 0));

// Logits are the first and the last pixel.
const { model, parameters } = linearModel([row(1, 0), row(0, 1)], [0, 0]);
const data = imagesOf([row(255, 0), row(0, 255), row(51, 0), row(0, 0), row(0, 0)], [0, 0, 0, 0, 1]);

async function evaluated(options: EvaluationOptions = {}): Promise<Evaluation> {
  const run = evaluate(model, parameters, data, options);
  for (;;) {
    const next = await run.next();
    if (next.done) return next.value;
  }
}

test("accuracy and loss by hand, whatever the batch: padding counts nowhere", async () => {
  // Logits (1, 0), (0, 1), (.2, 0), (0, 0), (0, 0); a tie goes to the first class.
  const losses = [Math.log(1 + Math.exp(-1)), Math.log(1 + Math.E), Math.log(1 + Math.exp(-0.2)), Math.LN2, Math.LN2];
  for (const batch of [1, 2, 3, 5, 128]) {
    const { accuracy, loss, correct } = await evaluated({ batch });
    expect([...correct]).toEqual([1, 0, 1, 1, 0]);
    expect(accuracy).toEqual({ value: 3 / 5, n: 5 });
    expect(loss.n).toBe(5);
    expect(loss.value).toBeCloseTo(losses.reduce((sum, value) => sum + value, 0) / 5, 6);
  }
});

test("progress counts examples", async () => {
  const seen: number[] = [];
  for await (const { done, of } of evaluate(model, parameters, data, { batch: 2 })) {
    expect(of).toBe(5);
    seen.push(done);
  }
  expect(seen).toEqual([2, 4, 5]);
});

test("an empty set has no accuracy", async () => {
  const empty = { ...data, pixels: new Uint8Array(), shape: [0, 3, 4, 4] as const, labels: new Int32Array() };
  await expect(evaluate(model, parameters, empty).next()).rejects.toThrow(InputError);
});

test("parts are pooled by count: 1 of 1 and 1 of 9 is 2 of 10, not 5/9", () => {
  expect(
    pooled([
      { value: 1, n: 1 },
      { value: 1 / 9, n: 9 },
    ]),
  ).toEqual({ value: 0.2, n: 10 });
});

test("robustness is shares of verdicts", () => {
  const verdicts = {
    clean: Uint8Array.of(1, 1, 1, 0),
    robustLast: Uint8Array.of(1, 1, 0, 0),
    robustWorst: Uint8Array.of(1, 0, 0, 0),
    cleanLoss: Float32Array.of(0, 0, 0, 1),
    lastLoss: Float32Array.of(0, 0, 1, 1),
    worstLoss: Float32Array.of(0, 1, 1, 2),
    stuck: Uint8Array.of(0, 0, 0, 1),
  };
  expect(robustness(verdicts)).toEqual({
    accuracy: { value: 1 / 4, n: 4 },
    lastIterateAccuracy: { value: 2 / 4, n: 4 },
    cleanAccuracy: { value: 3 / 4, n: 4 },
    loss: { value: 1, n: 4 },
    stuck: { value: 1 / 4, n: 4 },
  });
});
