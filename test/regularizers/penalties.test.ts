import { describe, expect, test } from "vitest";
import { InputError, randomStream, type Tensor, type TensorData, tensor } from "../../src/base/index.ts";
import { compile, crossEntropy, np, type Traced, valueAndGrad } from "../../src/engine/index.ts";
import type { Model, Parameters } from "../../src/models/index.ts";
import {
  inputGradientPenalty,
  jacobianCodePenalty,
  type LossPenalty,
  lastLayerNormPenalty,
  orthogonalLastLayer,
  penalties,
  spectralNormPenalty,
} from "../../src/regularizers/index.ts";
import { dense, referenceCrossEntropy, referenceFeatures, toFloat64 } from "../models/reference-cnn.ts";
import { derivative, inner, labels, moved, randomDirection, randomImages, side, tinyModels } from "../models/tiny.ts";
import {
  featureNormGradient,
  length,
  meanOver,
  newtonOrthogonal,
  type Parameters64,
  spectralNorm,
  squared,
  squaredLossGradient,
} from "./reference.ts";

interface Valued {
  readonly value: number;
  readonly gradient: Parameters<Tensor<"float32">>;
}

/** Value and gradient of a function of parameters and one batch. */
async function valued(
  term: (p: Parameters<Traced>, x: Traced, y: Traced, drawn: readonly Traced[]) => Traced,
  parameters: Parameters<Tensor<"float32">>,
  images: Tensor<"float32">,
  y: Tensor<"int32">,
  drawn: readonly Tensor<"float32">[] = [],
): Promise<Valued> {
  const run = await compile<{ value: Tensor<"float32">; gradient: Parameters<Tensor<"float32">> }>(
    (p: Parameters<Traced>, x: Traced, t: Traced, random: readonly Traced[]) => {
      const [value, gradient] = valueAndGrad((q: Parameters<Traced>) => term(q, x, t, random))(p);
      return { value, gradient };
    },
    [parameters, images, y, drawn],
  );
  const out = await run(parameters, images, y, drawn);
  await run.dispose();
  return { value: out.value.data[0] ?? Number.NaN, gradient: out.gradient };
}

const ofPenalty =
  (model: Model, penalty: LossPenalty) =>
  (p: Parameters<Traced>, images: Traced, y: Traced, drawn: readonly Traced[]): Traced =>
    penalty.term({ model, parameters: p, images, labels: y }, drawn);

function expectLike({ value, gradient }: Valued, reference: (p: Parameters64) => number, at: Parameters64): void {
  const expected = reference(at);
  expect(Math.abs(value - expected)).toBeLessThan(1e-4 * (1e-2 + Math.abs(expected)));
  for (const seed of [1, 2]) {
    const direction = randomDirection(gradient, seed);
    const slope = derivative((step) => reference(moved(at, direction, step) as Parameters64), 1e-6);
    expect(Math.abs(inner(gradient, direction) - slope)).toBeLessThan(2e-3 * (1e-2 + Math.abs(slope)));
  }
}

describe.each(tinyModels)("$model.name: value, and gradient by finite differences, of", ({ model, convolutions }) => {
  const start = model.init(7);
  const at = toFloat64(start);
  const images = randomImages(3, 9);
  const y = labels(0, 2, 1);

  test("jr-code: lambda / 128 times the mean norm of the features' norm's gradient", async () => {
    const out = await valued(ofPenalty(model, jacobianCodePenalty(50)), start, images, y);
    const one = (p: Parameters64) => meanOver(images, (image) => featureNormGradient(p, image, convolutions));
    expectLike(out, (p) => (50 / 128) * one(p), at);
  });

  test("input-gradient: lambda times the mean squared norm of the loss's gradient", async () => {
    const out = await valued(ofPenalty(model, inputGradientPenalty(2)), start, images, y);
    const one = (p: Parameters64) =>
      meanOver(images, (image, b) => squaredLossGradient(p, image, y.data[b] ?? 0, convolutions));
    expectLike(out, (p) => 2 * one(p), at);
  });

  test("llr: lambda times the Frobenius norm of the head's weight", async () => {
    const out = await valued(ofPenalty(model, lastLayerNormPenalty(0.3)), start, images, y);
    expectLike(out, (p) => 0.3 * length(p.g.weight.data), at);
  });

  test("spectral: lambda / 2 times the layers' squared largest singular values, once the iteration has converged", async () => {
    const penalty = spectralNormPenalty(0.3, { iterations: 100 });
    const out = await valued(ofPenalty(model, penalty), start, images, y);
    const sum = (p: Parameters64) => Object.values(p.f).reduce((all, { weight }) => all + spectralNorm(weight) ** 2, 0);
    expectLike(out, (p) => 0.15 * sum(p), at);
    const usual = await valued(ofPenalty(model, spectralNormPenalty(0.3)), start, images, y);
    expect(usual.value / out.value).toBeGreaterThan(0.9);
    expect(usual.value / out.value).toBeLessThan(1 + 1e-6);
  });

  test("llot: cross-entropy through scale * ONI(W) and the bias", async () => {
    const constraint = orthogonalLastLayer(2);
    const loss = (p: Parameters<Traced>, x: Traced, t: Traced) =>
      np.mean(crossEntropy(model.logits(constraint.constrain(p.g), model.features(p.f, x)), t));
    const reference = (p: Parameters64) =>
      meanOver(images, (image, b) => {
        const weight = newtonOrthogonal(p.g.weight, 5);
        const scaled = { ...weight, data: weight.data.map((value) => 2 * value) };
        const features = referenceFeatures(p.f, image, side, convolutions);
        return referenceCrossEntropy(dense(features, scaled, p.g.bias.data), y.data[b] ?? 0);
      });
    expectLike(await valued(loss, start, images, y), reference, at);
  });
});

const [tiny] = tinyModels;
if (!tiny) throw new Error("no tiny model");
const { model } = tiny;

test("llot's rows are orthogonal and as long as the scale says, when there are iterations enough", async () => {
  const { g } = model.init(3);
  const head = await compile<typeof g>(
    (p: Parameters<Traced>["g"]) => orthogonalLastLayer(3, { iterations: 20 }).constrain(p),
    [g],
  );
  const { weight, bias } = await head(g);
  const [n = 0, m = 0] = weight.shape;
  const row = (i: number) => weight.data.subarray(i * m, (i + 1) * m);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const product = row(i).reduce((sum, value, k) => sum + value * (row(j)[k] ?? 0), 0);
      expect(Math.abs(product - (i === j ? 9 : 0))).toBeLessThan(0.01);
    }
  expect(bias.data).toEqual(g.bias.data);
});

test("a model whose features are all zero has the penalties zero and finite gradients", async () => {
  const { f, g } = model.init(3);
  const dead = Object.fromEntries(
    Object.entries(f).map(([name, layer]) => [
      name,
      Object.fromEntries(
        Object.entries(layer).map(([key, leaf]) => [key, { ...leaf, data: new Float32Array(leaf.data.length) }]),
      ),
    ]),
  ) as typeof f;
  const zeroHead = { ...g, weight: { ...g.weight, data: new Float32Array(g.weight.data.length) } };
  for (const kind of ["jr", "jr-code", "llr", "spectral", "input-gradient"]) {
    const penalty = penalties[kind]?.(1);
    if (penalty?.through !== "loss") throw new Error(`${kind} is no term`);
    const parameters = { f: dead, g: zeroHead };
    const drawn = penalty.draw(model, 2, randomStream(1));
    const out = await valued(ofPenalty(model, penalty), parameters, randomImages(2, 1), labels(0, 1), drawn);
    expect(out.value, kind).toBe(0);
    expect(Number.isFinite(inner(out.gradient, randomDirection(parameters, 1))), kind).toBe(true);
  }
});

const terms = Object.entries(penalties).flatMap(([kind, create]) => {
  const penalty = create(1);
  return penalty.through === "loss" ? [{ kind, penalty }] : [];
});

test.each(terms)("$kind: four batches of 32 are on average what one of 128 is, within 1 %", async ({ penalty }) => {
  const start = model.init(2);
  const images = randomImages(128, 4);
  const y = labels(...Array.from({ length: 128 }, (_, i) => i % 3));
  const drawn = penalty.draw(model, 128, randomStream(5));
  const rows = <D extends "float32" | "int32">({ dtype, shape, data }: Tensor<D>, from: number): Tensor<D> => {
    const row = data.length / 128;
    const part = data.subarray(from * row, (from + 32) * row) as TensorData[D];
    return tensor(dtype, [32, ...shape.slice(1)], part);
  };
  const whole = await valued(ofPenalty(model, penalty), start, images, y, drawn);
  const parts: Valued[] = [];
  for (const from of [0, 32, 64, 96]) {
    const random = drawn.map((tensor) => rows(tensor, from));
    parts.push(await valued(ofPenalty(model, penalty), start, rows(images, from), rows(y, from), random));
  }
  const average = parts.reduce((sum, { value }) => sum + value / 4, 0);
  expect(Math.abs(average / whole.value - 1)).toBeLessThan(0.01);
  for (const seed of [1, 2]) {
    const direction = randomDirection(start, seed);
    const slope = parts.reduce((sum, { gradient }) => sum + inner(gradient, direction) / 4, 0);
    const size = Math.sqrt(squared(Object.values(whole.gradient.g).flatMap(({ data }) => [...data])));
    expect(Math.abs(slope - inner(whole.gradient, direction))).toBeLessThan(0.01 * (size + Math.abs(slope)));
  }
});

test("bad strengths and options are the user's mistakes", () => {
  for (const kind of Object.keys(penalties)) {
    expect(() => penalties[kind]?.(-1), kind).toThrow(InputError);
    expect(() => penalties[kind]?.(Number.NaN), kind).toThrow(`${kind}: strength: expected a number`);
    expect(() => penalties[kind]?.(1, { wrong: 1 }), kind).toThrow(InputError);
  }
  expect(() => penalties.llot?.(0)).toThrow("llot: strength: expected a number above 0, got 0");
  expect(() => penalties.llot?.(1, { iterations: 0.5 })).toThrow("llot: iterations: expected a whole number");
  expect(() => penalties.spectral?.(1, { iteration: 2 })).toThrow('did you mean "iterations"');
});
