import { describe, expect, test } from "vitest";
import { InputError, randomStream } from "../../src/base/index.ts";
import type { LabelledImages } from "../../src/datasets/index.ts";
import { digestTree } from "../../src/engine/index.ts";
import { evaluate } from "../../src/metrics/index.ts";
import { blocksOf, resnet } from "../../src/models/index.ts";
import { train } from "../../src/training/index.ts";
import {
  drawPerClass,
  fewShot,
  fineTune,
  fineTuningSchedule,
  type LabelledFeatures,
  rightAnswers,
} from "../../src/transfer/index.ts";
import { tinyResnet } from "../models/tiny.ts";

const model = resnet({ ...tinyResnet, side: 8 }, 3);
const parameters = model.init(3);
const schedule = { epochs: 2, batch: 4, learningRate: 0.1, momentum: 0.9, weightDecay: 1e-3, milestones: [], decay: 1 };

function images(n: number): LabelledImages {
  const stream = randomStream(5);
  const pixels = Uint8Array.from({ length: n * 192 }, () => stream.below(256));
  return {
    pixels,
    shape: [n, 3, 8, 8],
    labels: Int32Array.from({ length: n }, (_, i) => i % 3),
    classes: ["a", "b", "c"],
  };
}

async function finished<Out>(run: AsyncGenerator<unknown, Out>): Promise<Out> {
  for (;;) {
    const next = await run.next();
    if (next.done) return next.value;
  }
}

describe("partial fine-tuning", () => {
  const tuned = (blocks?: number) =>
    finished(fineTune(model, parameters, images(9), schedule, { seed: 1, threads: 1, ...(blocks && { blocks }) }));
  const moved = async (blocks: number) => {
    const { parameters: after } = await tuned(blocks);
    return Object.keys(parameters.f).filter(
      (layer) => digestTree(after.f[layer] ?? {}) !== digestTree(parameters.f[layer] ?? {}),
    );
  };

  test("on fewer images than the source's batch is in batches of all of them", () => {
    expect(fineTuningSchedule({ ...schedule, epochs: 10, batch: 256 }, 100)).toMatchObject({ epochs: 2, batch: 100 });
    expect(fineTuningSchedule({ ...schedule, epochs: 10, batch: 256 }, 300)).toMatchObject({ batch: 256 });
  });

  test("moves the last blocks alone; the others stay to the bit, running statistics too", async () => {
    const [stem = [], first = [], second = []] = blocksOf(parameters.f);
    expect(stem).toEqual(["stem_conv", "stem_norm"]);
    expect(first).toEqual([
      "stage1_block1_1_conv",
      "stage1_block1_1_norm",
      "stage1_block1_2_conv",
      "stage1_block1_2_norm",
    ]);
    expect(await moved(1)).toEqual(second);
    expect(await moved(2)).toEqual([...first, ...second]);
  });

  test("of all blocks it is full fine-tuning", async () => {
    expect(digestTree((await tuned(3)).parameters)).toBe(digestTree((await tuned()).parameters));
  });

  test("frozen normalisation keeps to its running statistics: the first loss is that of the model as evaluated", async () => {
    const data = images(9);
    const run = train(model, data, { ...schedule, batch: 9 }, { seed: 3, frozenLayers: Object.keys(parameters.f) });
    const step = await run.next();
    if (step.done) throw new Error("no step");
    const { loss } = await finished(evaluate(model, model.init(3), data));
    expect(step.value.loss).toBeCloseTo(loss.value, 5);
    await run.return(step.value.state);
  });

  test.each([0, 4, 1.5])("%d blocks of three are refused", async (blocks) => {
    const run = fineTune(model, parameters, images(9), schedule, { seed: 1, blocks });
    await expect(run.next()).rejects.toThrow(`fine-tuning: blocks: expected 1 to 3, the model's blocks, got ${blocks}`);
  });
});

/** Two features; class k lies around (k, -k), so far apart that any sensible head is right. */
function clusters(counts: readonly number[], seed: number): LabelledFeatures {
  const stream = randomStream(seed);
  const labels = Int32Array.from(counts.flatMap((count, k) => new Array<number>(count).fill(k)));
  const rows = [...labels].flatMap((k) => [k, -k].map((centre) => 10 * centre + stream.normal()));
  return { features: Float32Array.from(rows), labels, size: 2 };
}

describe("few-shot transfer", () => {
  const classes = ["ant", "bee", "cat"];
  const data = clusters([6, 4, 9], 1);

  test("draws as many of each class as asked, other ones each time, fewer being part of more", () => {
    const drawn = (perClass: number, draw: number) => [
      ...drawPerClass(data.labels, classes, { perClass, seed: 2, draw }),
    ];
    for (const perClass of [1, 2, 4]) {
      const labels = drawn(perClass, 0).map((i) => data.labels[i]);
      expect(labels).toEqual(Array.from({ length: 3 * perClass }, (_, i) => i % 3));
      expect(new Set(drawn(perClass, 0)).size).toBe(3 * perClass);
    }
    expect(drawn(4, 0).slice(0, 6)).toEqual(drawn(2, 0));
    expect(drawn(4, 1)).not.toEqual(drawn(4, 0));
    expect(drawn(4, 0)).toEqual(drawn(4, 0));
  });

  test("a class with too few examples is named", () => {
    expect(() => drawPerClass(data.labels, classes, { perClass: 5, seed: 2, draw: 0 })).toThrow(
      new InputError('few-shot: class "bee": expected at least 5 training examples, got 4'),
    );
    const without = { ...data, labels: data.labels.map((label) => (label === 1 ? 0 : label)) };
    expect(() => drawPerClass(without.labels, classes, { perClass: 1, seed: 2, draw: 0 })).toThrow(
      'class "bee": expected at least 1 training examples, got 0',
    );
  });

  test.each([1, 3])("%d a class: every draw answers well separated classes right", (perClass) => {
    const run = fewShot(data, clusters([20, 20, 20], 9), { classes, perClass, draws: 4, l2: [1e-3, 1e-1], seed: 0 });
    const told: number[] = [];
    let next = run.next();
    for (; !next.done; next = run.next()) told.push(next.value.done);
    expect(told).toEqual([1, 2, 3, 4]);
    expect(next.value.map(({ correct }) => correct.length)).toEqual([60, 60, 60, 60]);
    expect(next.value.every(({ correct }) => correct.every((right) => right === 1))).toBe(true);
  });

  test("where fits are large the first draw's penalty serves all draws", () => {
    const penalties = (largeFit: number) => {
      const stream = randomStream(8);
      const features = data.features.map((value) => value / 10 + stream.normal());
      const run = fewShot({ ...data, features }, clusters([2, 2, 2], 5), {
        classes,
        perClass: 3,
        draws: 8,
        l2: [1e-3, 1e-2, 1e-1, 1],
        seed: 3,
        largeFit,
      });
      let next = run.next();
      while (!next.done) next = run.next();
      return new Set(next.value.map(({ fit }) => fit.l2)).size;
    };
    expect(penalties(Number.POSITIVE_INFINITY)).toBeGreaterThan(1);
    expect(penalties(0)).toBe(1);
  });

  test("right answers are those of the largest logit, the first of equal ones", () => {
    const rows = { features: Float32Array.of(1, 0, 0, 1, 0, 0), labels: Int32Array.of(0, 1, 1), size: 2 };
    const head = { weight: Float64Array.of(1, 0, 0, 1), bias: Float64Array.of(0, 0) };
    expect([...rightAnswers(rows, head)]).toEqual([1, 1, 0]);
  });
});
