import { describe, expect, test } from "vitest";
import { InputError, mean, randomStream, type Tensor } from "../../src/base/index.ts";
import { compile, type Traced, valueAndGrad } from "../../src/engine/index.ts";
import type { Model, Parameters } from "../../src/models/index.ts";
import { jacobianPenalty, type LossPenalty, penalties } from "../../src/regularizers/index.ts";
import { type Leaf64, toFloat64 } from "../models/reference-cnn.ts";
import { derivative, inner, labels, moved, randomDirection, randomImages, side, tinyModels } from "../models/tiny.ts";
import { jacobian, meanOver, squared } from "./reference.ts";

function exactNorm(f: Parameters<Leaf64>["f"], images: Tensor<"float32">, convolutions: readonly number[]) {
  return meanOver(images, (image) => jacobian(f, image, convolutions).rows.reduce((sum, row) => sum + squared(row), 0));
}

/** d ||v' J||^2, mean over the batch. */
function projectedNorm(
  f: Parameters<Leaf64>["f"],
  images: Tensor<"float32">,
  v: Tensor<"float32">,
  convolutions: readonly number[],
) {
  const d = v.shape[1] ?? 0;
  return meanOver(images, (image, b) => {
    const along = v.data.subarray(b * d, (b + 1) * d);
    const dot = (row: Float64Array) => row.reduce((sum, z, k) => sum + z * (along[k] ?? 0), 0);
    return jacobian(f, image, convolutions).rows.reduce((sum, row) => sum + d * dot(row) ** 2, 0);
  });
}

async function compiledTerm(model: Model, penalty: LossPenalty, images: Tensor<"float32">) {
  const parameters = model.init(7);
  const y = labels(...Array.from({ length: images.shape[0] ?? 0 }, () => 0));
  const drawn = penalty.draw(model, images.shape[0] ?? 0, randomStream(1));
  const run = await compile<{ value: Tensor<"float32">; gradient: Parameters<Tensor<"float32">> }>(
    (p: Parameters<Traced>, x: Traced, t: Traced, random: readonly Traced[]) => {
      const term = (q: Parameters<Traced>) => penalty.term({ model, parameters: q, images: x, labels: t }, random);
      const [value, gradient] = valueAndGrad(term)(p);
      return { value, gradient };
    },
    [parameters, images, y, drawn],
  );
  return async (seed: number) => {
    const random = penalty.draw(model, images.shape[0] ?? 0, randomStream(seed));
    const out = await run(parameters, images, y, random);
    return { value: out.value.data[0] ?? Number.NaN, gradient: out.gradient, random };
  };
}

describe.each(tinyModels)("$model.name", ({ model, convolutions }) => {
  const parameters = toFloat64(model.init(7));
  const images = randomImages(2, 9);

  test("the exact form is the squared Frobenius norm, in value and in gradient", async () => {
    const { value, gradient } = await (await compiledTerm(model, jacobianPenalty(0.5, { projections: -1 }), images))(1);
    const norm = (p: Parameters<Leaf64>) => 0.5 * exactNorm(p.f, images, convolutions);
    expect(value).toBeCloseTo(norm(parameters), 5);
    for (const seed of [1, 2]) {
      const direction = randomDirection(model.init(7), seed);
      const expected = derivative((step) => norm(moved(parameters, direction, step)), 1e-7);
      expect(Math.abs(inner(gradient, direction) - expected)).toBeLessThan(1e-3 * (1e-2 + Math.abs(expected)));
    }
  });

  test("one projection is d ||v' J||^2 of the drawn v, in value and in gradient", async () => {
    const { value, gradient, random } = await (await compiledTerm(model, jacobianPenalty(0.5), images))(3);
    const [v] = random;
    if (!v) throw new Error("no projection was drawn");
    const norm = (p: Parameters<Leaf64>) => 0.5 * projectedNorm(p.f, images, v, convolutions);
    expect(value).toBeCloseTo(norm(parameters), 5);
    const direction = randomDirection(model.init(7), 5);
    const expected = derivative((step) => norm(moved(parameters, direction, step)), 1e-7);
    expect(Math.abs(inner(gradient, direction) - expected)).toBeLessThan(1e-3 * (1e-2 + Math.abs(expected)));
  });

  test("the estimate is unbiased: the mean over many draws meets the exact norm", async () => {
    const exact = exactNorm(parameters.f, images, convolutions);
    const draw = await compiledTerm(model, jacobianPenalty(1, { projections: 8 }), images);
    const values: number[] = [];
    for (let seed = 0; seed < 20; seed++) values.push((await draw(seed)).value);
    expect(Math.abs(mean(values) / exact - 1)).toBeLessThan(0.15);
  });

  test("a strength means the same at every batch size: twice the batch of the same images, the same value", async () => {
    const twice = { ...images, shape: [4, 3, side, side], data: Float32Array.from([...images.data, ...images.data]) };
    const once = await (await compiledTerm(model, jacobianPenalty(0.5, { projections: -1 }), images))(1);
    const doubled = await (await compiledTerm(model, jacobianPenalty(0.5, { projections: -1 }), twice))(1);
    expect(doubled.value).toBeCloseTo(once.value, 6);
  });
});

test("projections are unit vectors", () => {
  const { model } = tinyModels[0] ?? { model: undefined };
  if (!model) throw new Error("no tiny model");
  const [v] = jacobianPenalty(1).draw(model, 6, randomStream(2));
  const d = model.featureSize;
  expect(v?.shape).toEqual([6, d]);
  for (let b = 0; b < 6; b++)
    expect(squared(Float64Array.from(v?.data.subarray(b * d, (b + 1) * d) ?? []))).toBeCloseTo(1, 5);
});

test("weight decay acts through the optimiser and replaces the schedule's", () => {
  expect(penalties.wd?.(0.01)).toEqual({ through: "optimiser", kind: "wd", strength: 0.01, weightDecay: 0.01 });
});

test("bad strengths and options are the user's mistakes", () => {
  expect(() => penalties.jr?.(-1)).toThrow(InputError);
  expect(() => penalties.jr?.(Number.NaN)).toThrow(/strength: expected a number of at least 0, got NaN/);
  expect(() => penalties.jr?.(1, { projections: 0 })).toThrow(/projections/);
  expect(() => penalties.jr?.(1, { projection: 2 })).toThrow(/did you mean "projections"/);
  expect(() => penalties.wd?.(1, { projections: 2 })).toThrow(/expected no options/);
});
