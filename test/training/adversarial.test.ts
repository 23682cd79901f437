import { describe, expect, test } from "vitest";
import { compileInnerAttack, type InnerAttack, innerAttacks } from "../../src/attacks/index.ts";
import { float32, InputError, randomStream, type Tensor } from "../../src/base/index.ts";
import { compile, crossEntropy, digestTree, np, type Traced, valueAndGrad } from "../../src/engine/index.ts";
import type { Parameters } from "../../src/models/index.ts";
import { resnet } from "../../src/models/index.ts";
import { jacobianPenalty, orthogonalLastLayer } from "../../src/regularizers/index.ts";
import { type TrainingOptions, type TrainingState, type TrainingStep, train } from "../../src/training/index.ts";
import { labels, randomImages, side, tinyModels, tinyResnet } from "../models/tiny.ts";

const [tiny] = tinyModels;
if (!tiny) throw new Error("no tiny model");
const { model } = tiny;

const schedule = {
  epochs: 2,
  batch: 4,
  learningRate: 0.05,
  momentum: 0.9,
  weightDecay: 0.01,
  milestones: [],
  decay: 0.1,
};

function examples(n: number) {
  const stream = randomStream(5);
  const labels = Int32Array.from({ length: n }, () => stream.below(3));
  const pixels = Uint8Array.from({ length: n * 3 * side * side }, () => stream.below(256));
  return { pixels, shape: [n, 3, side, side] as const, labels, classes: ["a", "b", "c"] };
}

async function trained(options: Partial<TrainingOptions>, epochs = 2) {
  const run = train(model, examples(12), { ...schedule, epochs }, { seed: 3, ...options });
  const steps: TrainingStep[] = [];
  for (;;) {
    const next = await run.next();
    if (next.done) return { state: next.value, steps };
    steps.push(next.value);
  }
}

const digest = ({ parameters, velocity }: TrainingState) => [digestTree(parameters), digestTree(velocity)];

const attacksAt = (strength: number) =>
  Object.entries(innerAttacks).map(([kind, create]) => ({ kind, attack: create(strength) }));

const norms = (attack: InnerAttack, from: Float32Array, to: Float32Array) =>
  Array.from({ length: from.length / (3 * side * side) }, (_, b) => {
    const offset = Array.from(to.subarray(b * 3 * side * side, (b + 1) * 3 * side * side), (value, i) =>
      Math.abs(value - (from[b * 3 * side * side + i] ?? 0)),
    );
    return attack.norm === "linf" ? Math.max(...offset) : Math.hypot(...offset);
  });

describe.each(attacksAt(0.5))("the inner attack of $kind", ({ kind, attack }) => {
  const parameters = model.init(3);
  const images = randomImages(6, 2);
  const y = labels(0, 1, 2, 0, 1, 2);

  test("stays in the ball and in [0, 1], moves every image, and repeats itself from the same stream", async () => {
    const inner = await compileInnerAttack(model, attack, parameters, 6, {});
    const { data } = await inner(parameters, { images, labels: y }, randomStream(1));
    for (const far of norms(attack, images.data, data)) {
      expect(far).toBeLessThanOrEqual(attack.eps + 1e-6);
      expect(far).toBeGreaterThan(0.2 * attack.eps);
    }
    expect(Math.min(...data)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...data)).toBeLessThanOrEqual(1);
    expect((await inner(parameters, { images, labels: y }, randomStream(1))).data).toEqual(data);
    await inner.dispose();
  });

  test("raises the cross-entropy", async () => {
    const inner = await compileInnerAttack(model, attack, parameters, 6, {});
    const loss = await compile<Tensor<"float32">>(
      (p: Parameters<Traced>, x: Traced, t: Traced) =>
        np.mean(crossEntropy(model.logits(p.g, model.features(p.f, x)), t)),
      [parameters, images, y],
    );
    const at = async (x: Tensor<"float32">) => (await loss(parameters, x, y)).data[0] ?? Number.NaN;
    const adversarial = await inner(parameters, { images, labels: y }, randomStream(1));
    // TRADES climbs the divergence from the clean prediction, which need not be the loss.
    if (kind !== "trades") expect(await at(adversarial)).toBeGreaterThan(await at(images));
    await inner.dispose();
  });
});

test.each(attacksAt(0))("$kind with strength 0 is vanilla, bit for bit", async ({ attack }) => {
  const vanilla = await trained({});
  const { state, steps } = await trained({ attack });
  expect(digest(state)).toEqual(digest(vanilla.state));
  expect(steps.map(({ loss }) => loss)).toEqual(vanilla.steps.map(({ loss }) => loss));
});

test.each(attacksAt(0.5))("$kind resumed equals $kind uninterrupted, bit for bit", async ({ attack }) => {
  const options = { attack, penalties: [jacobianPenalty(0.01)] };
  const whole = await trained(options, 4);
  const start = whole.steps.find(({ state }) => state?.epochs === 2)?.state;
  const rest = await trained({ ...options, start }, 4);
  expect(digest(rest.state)).toEqual(digest(whole.state));
  expect(digest(whole.state)).not.toEqual(digest((await trained({ penalties: options.penalties }, 4)).state));
});

describe("options", () => {
  test("one step without a random start is FGSM: every pixel moves by eps along the gradient's sign", async () => {
    const attack = innerAttacks["at-linf"]?.(4, { steps: 1, stepOverEps: 1, randomStart: false });
    if (!attack) throw new Error("no at-linf");
    const parameters = model.init(3);
    const images = randomImages(2, 2);
    const y = labels(0, 1);
    const gradient = await compile<Tensor<"float32">>(
      (p: Parameters<Traced>, x: Traced, t: Traced) => {
        const loss = (z: Traced) => np.sum(crossEntropy(model.logits(p.g, model.features(p.f, z)), t));
        return valueAndGrad(loss)(x)[1];
      },
      [parameters, images, y],
    );
    const g = (await gradient(parameters, images, y)).data;
    const inner = await compileInnerAttack(model, attack, parameters, 2, {});
    const { data } = await inner(parameters, { images, labels: y }, randomStream(1));
    for (const [i, pixel] of images.data.entries())
      expect(data[i]).toBeCloseTo(Math.min(1, Math.max(0, pixel + (4 / 255) * Math.sign(g[i] ?? 0))), 6);
  });

  test("defaults: three steps of 2 eps / 3, 1.25 eps for the fast one, linf in 255ths", () => {
    expect(innerAttacks.at?.(0.75)).toMatchObject({ norm: "l2", eps: 0.75, steps: 3, stepSize: 0.5, start: "uniform" });
    expect(innerAttacks["at-linf"]?.(6)).toMatchObject({ norm: "linf", eps: 6 / 255, stepSize: 4 / 255 });
    expect(innerAttacks["at-fast"]?.(4)).toMatchObject({ norm: "linf", eps: 4 / 255, steps: 1, stepSize: 5 / 255 });
    expect(innerAttacks.trades?.(0.3)).toMatchObject({ norm: "l2", eps: 0.3, steps: 3, beta: 6, start: "normal" });
    expect(innerAttacks.at?.(0.5, { randomStart: false, steps: 5, stepOverEps: 0.5 })).toMatchObject({
      steps: 5,
      stepSize: 0.25,
      start: "image",
    });
  });

  test("wrong ones are the user's mistakes", () => {
    const cases: [kind: string, options: Record<string, number | string | boolean>, sentence: string][] = [
      ["at", { step: 3 }, 'did you mean "steps"'],
      ["at", { steps: 0 }, "at: steps: expected a whole number of at least 1, got 0"],
      ["at", { stepOverEps: 0 }, "at: stepOverEps: expected a number above 0, got 0"],
      ["at", { randomStart: 1 }, "at: randomStart: expected true or false, got 1"],
      ["at-fast", { steps: 2 }, "at-fast: option"],
      ["trades", { beta: -1 }, "trades: beta: expected a number of at least 0, got -1"],
      ["trades", { beta: "high" }, 'trades: beta: expected a number, got "high"'],
    ];
    for (const [kind, options, sentence] of cases) {
      expect(() => innerAttacks[kind]?.(1, options), kind).toThrow(sentence);
      expect(() => innerAttacks[kind]?.(1, options), kind).toThrow(InputError);
    }
    expect(() => innerAttacks.at?.(-1)).toThrow("at: strength: expected a number of at least 0, got -1");
  });
});

describe("with batch normalisation", () => {
  const normalised = resnet({ ...tinyResnet, blocks: [1] }, 3);
  const parameters = normalised.init(4);

  test.each(attacksAt(0.5))("$kind: an image is attacked alone, whatever else is in its batch", async ({ attack }) => {
    const run = async (seed: number) => {
      const others = randomImages(3, seed, 32).data.subarray(3 * 32 * 32);
      const images = float32([3, 3, 32, 32], [...randomImages(1, 6, 32).data, ...others]);
      const inner = await compileInnerAttack(normalised, { ...attack, start: "image" }, parameters, 3, {});
      const { data } = await inner(parameters, { images, labels: labels(0, 1, 2) }, randomStream(1));
      await inner.dispose();
      return data.slice(0, 3 * 32 * 32);
    };
    const [one, other] = [await run(1), await run(2)];
    const farthest = one.reduce((most, value, i) => Math.max(most, Math.abs(value - (other[i] ?? 0))), 0);
    expect(farthest).toBeLessThan(1e-5);
  });

  test("the inner attack leaves the running statistics alone: strength 0 is vanilla, bit for bit", async () => {
    const data = { ...examples(8), shape: [8, 3, 32, 32] as const, pixels: new Uint8Array(8 * 3 * 32 * 32).fill(90) };
    const digests: string[] = [];
    for (const attack of [undefined, innerAttacks.at?.(0), innerAttacks.trades?.(0)]) {
      const run = train(normalised, data, { ...schedule, epochs: 1 }, { seed: 3, attack });
      let next = await run.next();
      while (!next.done) next = await run.next();
      digests.push(digestTree(next.value.parameters));
    }
    expect(new Set(digests).size).toBe(1);
  });
});

describe("a constrained head", () => {
  const constraint = orthogonalLastLayer(2);

  test("is exported as it was trained: the plain model on it gives the constrained model's logits", async () => {
    const { state, steps } = await trained({ penalties: [constraint] });
    const learnt = steps.at(-1)?.state?.parameters;
    if (!learnt) throw new Error("no state at the end");
    const images = randomImages(5, 8);
    const logits = await compile<{ constrained: Tensor<"float32">; plain: Tensor<"float32"> }>(
      (before: Parameters<Traced>, after: Parameters<Traced>, x: Traced) => ({
        constrained: model.logits(constraint.constrain(before.g), model.features(before.f, x)),
        plain: model.logits(after.g, model.features(after.f, x)),
      }),
      [learnt, state.parameters, images],
    );
    const { constrained, plain } = await logits(learnt, state.parameters, images);
    for (const [i, value] of plain.data.entries()) expect(value).toBeCloseTo(constrained.data[i] ?? Number.NaN, 5);
    expect(digestTree(state.parameters.f)).toBe(digestTree(learnt.f));
    expect(state.parameters.g.bias.data).toEqual(learnt.g.bias.data);
    expect(state.parameters.g.weight.data).not.toEqual(learnt.g.weight.data);
  });

  test("a resumed run goes on with the head that is moved, and two constraints contradict each other", async () => {
    const options = { penalties: [constraint], attack: innerAttacks.at?.(0.2) };
    const whole = await trained(options, 4);
    const start = whole.steps.find(({ state }) => state?.epochs === 2)?.state;
    expect(digest((await trained({ ...options, start }, 4)).state)).toEqual(digest(whole.state));
    await expect(trained({ penalties: [constraint, orthogonalLastLayer(1)] })).rejects.toThrow(
      "training: expected at most one method that constrains the head, got 2: llot 2, llot 1",
    );
  });
});
