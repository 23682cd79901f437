import { describe, expect, test } from "vitest";
import { type PgdConfig, type PgdOptions, type PgdStep, pgd, type Verdicts } from "../../src/attacks/index.ts";
import { InputError, randomStream, type Tensor } from "../../src/base/index.ts";
import type { LabelledImages } from "../../src/datasets/index.ts";
import type { Model, Parameters } from "../../src/models/index.ts";
import { tinyModels } from "../models/tiny.ts";
import { imagesOf, linearModel, pixels } from "./linear-model.ts";

interface Attacked {
  readonly verdicts: Verdicts;
  readonly steps: readonly PgdStep[];
}

async function attack(
  model: Model,
  parameters: Parameters<Tensor<"float32">>,
  data: LabelledImages,
  config: Partial<PgdConfig>,
  options: Partial<PgdOptions> = {},
): Promise<Attacked> {
  const full = { norm: "l2", eps: 0.25, steps: 10, stepSize: 0.0625, restarts: 1, ...config } as const;
  const run = pgd(model, parameters, data, full, { seed: 1, batch: 8, ...options });
  const steps: PgdStep[] = [];
  for (;;) {
    const next = await run.next();
    if (next.done) return { verdicts: next.value, steps };
    steps.push({ ...next.value, adversarial: next.value.adversarial.slice(), images: next.value.images.slice() });
  }
}

function randomData(n: number, classes: number, size: number): LabelledImages {
  const stream = randomStream(17);
  const rows = Array.from({ length: n }, () => Array.from({ length: size }, () => stream.below(256)));
  return imagesOf(
    rows,
    Array.from({ length: n }, (_, i) => i % classes),
  );
}

const sum = (flags: Uint8Array) => flags.reduce((total, flag) => total + flag, 0);

describe.each(tinyModels)("$model.name", ({ model }) => {
  const parameters = model.init(3);
  const data = randomData(21, 3, 3 * 64);

  test.each(["l2", "linf"] as const)("%s: every iterate lies in the ball, in [0, 1], and is finite", async (norm) => {
    const eps = norm === "l2" ? 0.25 : 8 / 255;
    const { steps } = await attack(model, parameters, data, { norm, eps, stepSize: eps / 3, restarts: 2 });
    let farthest = 0;
    for (const { images, adversarial, indices } of steps) {
      expect(adversarial.every((value) => value >= 0 && value <= 1)).toBe(true);
      const size = images.length / indices.length;
      for (let b = 0; b < indices.length; b++) {
        const offsets = Array.from(
          { length: size },
          (_, i) => (adversarial[b * size + i] ?? 0) - (images[b * size + i] ?? 0),
        );
        const length = norm === "l2" ? Math.hypot(...offsets) : Math.max(...offsets.map(Math.abs));
        farthest = Math.max(farthest, length);
      }
    }
    expect(farthest).toBeLessThanOrEqual(eps + 1e-6);
    expect(farthest).toBeGreaterThan(0.8 * eps);
  });

  test("eps 0 is the clean accuracy exactly, example by example", async () => {
    const { verdicts } = await attack(model, parameters, data, { eps: 0 });
    expect(verdicts.robustWorst).toEqual(verdicts.clean);
    expect(verdicts.robustLast).toEqual(verdicts.clean);
    expect(verdicts.worstLoss).toEqual(verdicts.cleanLoss);
  });

  test("losses rise and robustness falls: worst <= last <= clean, and a larger ball is no easier", async () => {
    const small = (await attack(model, parameters, data, { eps: 0.1, stepSize: 0.025 })).verdicts;
    const large = (await attack(model, parameters, data, { eps: 1, stepSize: 0.25 })).verdicts;
    for (const { clean, robustLast, robustWorst, cleanLoss, worstLoss, lastLoss } of [small, large])
      for (let i = 0; i < clean.length; i++) {
        expect(robustWorst[i]).toBeLessThanOrEqual(robustLast[i] ?? 0);
        expect(robustLast[i]).toBeLessThanOrEqual(clean[i] ?? 0);
        expect(worstLoss[i]).toBeGreaterThanOrEqual(Math.max(cleanLoss[i] ?? 0, lastLoss[i] ?? 0));
      }
    expect(sum(large.robustWorst)).toBeLessThanOrEqual(sum(small.robustWorst));
    const mean = (losses: Float32Array) => losses.reduce((total, loss) => total + loss, 0) / losses.length;
    expect(mean(large.lastLoss)).toBeGreaterThan(mean(small.lastLoss));
    expect(mean(small.lastLoss)).toBeGreaterThan(mean(small.cleanLoss));
  });

  test("the verdict on an example does not depend on the batch it is in, and the same seed repeats it", async () => {
    const first = (await attack(model, parameters, data, {}, { batch: 21 })).verdicts;
    const again = (await attack(model, parameters, data, {}, { batch: 4 })).verdicts;
    expect(again.robustWorst).toEqual(first.robustWorst);
    for (const [i, loss] of first.worstLoss.entries()) expect(again.worstLoss[i]).toBeCloseTo(loss, 5);
    expect((await attack(model, parameters, data, {}, { batch: 21 })).verdicts).toEqual(first);
  });

  test("dead features give a gradient of zero: no NaN, and the verdicts say that the attack was blind", async () => {
    const dead = {
      f: parameters.f,
      g: {
        ...parameters.g,
        weight: { ...parameters.g.weight, data: new Float32Array(parameters.g.weight.data.length) },
      },
    };
    const { verdicts, steps } = await attack(model, dead, data, {});
    expect(sum(verdicts.stuck)).toBe(21);
    expect(verdicts.robustWorst).toEqual(verdicts.clean);
    expect(steps.every(({ adversarial }) => adversarial.every(Number.isFinite))).toBe(true);
  });
});

test("a constant classifier is robust on its own class alone", async () => {
  const { model, parameters } = linearModel(
    [Array(pixels).fill(0), Array(pixels).fill(0), Array(pixels).fill(0)],
    [0, 1, 0],
  );
  const { verdicts } = await attack(model, parameters, randomData(9, 3, pixels), { eps: 5, stepSize: 1 });
  expect([...verdicts.robustWorst]).toEqual([0, 1, 0, 0, 1, 0, 0, 1, 0]);
});

describe("a linear classifier, whose distance to the boundary is |w x| / ||w||", () => {
  // w sums the pixels with alternating signs, so ||w||_2 = sqrt(48); grey images keep the box [0, 1] out of the way.
  const w = Array.from({ length: pixels }, (_, i) => (i % 2 ? -1 : 1));
  const grey = (excess: number) => w.map((sign, i) => 128 + (i < excess ? sign : 0));
  // Image k of 1 ... 6 has w x = 6 k / 255.
  const data = imagesOf([grey(6), grey(12), grey(18), grey(24), grey(30), grey(36)], [0, 0, 0, 0, 0, 0]);
  const distance = (k: number) => (6 * k) / 255 / Math.sqrt(pixels);

  test.each([1, 1e-25])("logits of size %s: broken exactly when eps is larger", async (scale) => {
    const { model, parameters } = linearModel([w.map((x) => x * scale), w.map((x) => -x * scale)], [0, 0]);
    const eps = (distance(3) + distance(4)) / 2;
    const { verdicts } = await attack(model, parameters, data, { eps, stepSize: eps / 2, steps: 20 });
    expect([...verdicts.clean]).toEqual([1, 1, 1, 1, 1, 1]);
    expect([...verdicts.robustLast]).toEqual([0, 0, 0, 1, 1, 1]);
    expect([...verdicts.robustWorst]).toEqual([0, 0, 0, 1, 1, 1]);
  });

  test("linf: the distance is |w x| / ||w||_1", async () => {
    const { model, parameters } = linearModel([w, w.map((x) => -x)], [0, 0]);
    const eps = 21 / 255 / pixels;
    const { verdicts } = await attack(model, parameters, data, { norm: "linf", eps, stepSize: eps / 2, steps: 20 });
    expect([...verdicts.robustWorst]).toEqual([0, 0, 0, 1, 1, 1]);
  });

  test("more restarts never help the model", async () => {
    const { model, parameters } = linearModel([w, w.map((x) => -x)], [0, 0]);
    const weak = { eps: distance(3), stepSize: distance(3) / 20, steps: 1 };
    const once = (await attack(model, parameters, data, weak)).verdicts;
    const { verdicts: often, steps } = await attack(model, parameters, data, { ...weak, restarts: 6 });
    for (const [i, flag] of often.robustWorst.entries()) expect(flag).toBeLessThanOrEqual(once.robustWorst[i] ?? 0);
    // Those that stand to the end were attacked in every restart, those that fell early in fewer.
    const attacked = (i: number) => steps.filter(({ indices }) => indices.includes(i)).length;
    expect([3, 4, 5].map(attacked)).toEqual([6, 6, 6]);
    expect(attacked(0)).toBeLessThan(6);
    expect(steps.at(-1)).toMatchObject({ done: 36, of: 36 });
  });
});

test("mistakes of the user are told before anything runs", async () => {
  const { model, parameters } = linearModel([Array(pixels).fill(0), Array(pixels).fill(0)], [0, 0]);
  const data = randomData(2, 2, pixels);
  await expect(attack(model, parameters, data, { eps: -1 })).rejects.toThrow(InputError);
  await expect(attack(model, parameters, data, { steps: 0 })).rejects.toThrow("attack: steps: expected a whole number");
  await expect(attack(model, parameters, data, { stepSize: Number.NaN })).rejects.toThrow("stepSize");
  await expect(attack(model, parameters, randomData(2, 3, pixels), {})).resolves.toBeDefined();
  await expect(attack(model, parameters, randomData(3, 3, pixels), {})).rejects.toThrow(
    "labels: expected classes 0 to 1",
  );
  await expect(attack(model, parameters, randomData(2, 2, 3 * 64), {})).rejects.toThrow(
    "images: expected shape [n, 3, 4, 4]",
  );
});

test("an aborted attack stops with the signal's reason", async () => {
  const { model, parameters } = linearModel([Array(pixels).fill(0), Array(pixels).fill(0)], [0, 0]);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(attack(model, parameters, randomData(2, 2, pixels), {}, { signal })).rejects.toThrow("enough");
});
