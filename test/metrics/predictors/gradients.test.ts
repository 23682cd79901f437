import { describe, expect, test } from "vitest";
import { mapLeaves, mean, sizeOf, type Tensor, type Tree, tensor } from "../../../src/base/index.ts";
import { bytesOf, type LabelledImages } from "../../../src/datasets/index.ts";
import { jacobianNorm, measurePredictors, sharpness } from "../../../src/metrics/predictors/index.ts";
import type { Parameters } from "../../../src/models/index.ts";
import { type Leaf64, mapParameters, referenceFeatures, toFloat64 } from "../../models/reference-cnn.ts";
import { side, tinyModels } from "../../models/tiny.ts";
import { jacobian, squared } from "../../regularizers/reference.ts";

const n = 3;
const data: LabelledImages = {
  pixels: Uint8Array.from({ length: n * 3 * side * side }, (_, i) => (i * 7919) % 256),
  shape: [n, 3, side, side],
  labels: Int32Array.of(0, 2, 1),
  classes: ["a", "b", "c"],
};
const image = (i: number) => Float64Array.from(bytesOf(data).subarray(i * 192, (i + 1) * 192), (byte) => byte / 255);

describe.each(tinyModels)("$model.name", ({ model, convolutions }) => {
  const parameters = model.init(7);

  test("the Jacobian norm comes to the exact one, by hand-written forward derivatives, as projections grow", async () => {
    const exact = Math.sqrt(
      mean(
        [0, 1, 2].map((i) =>
          jacobian(toFloat64(parameters).f, image(i), convolutions).rows.reduce((sum, row) => sum + squared(row), 0),
        ),
      ),
    );
    const found = await jacobianNorm(model, parameters.f, data, { seed: 1, projections: 400, batch: 2 });
    expect(Math.abs(found / exact - 1)).toBeLessThan(0.05);
  });

  test("a dead model has no predictor that is not a number: what is not defined of it is left out", async () => {
    const dead = mapLeaves(parameters as Tree<Tensor>, (leaf) =>
      tensor("float32", leaf.shape, new Float32Array(sizeOf(leaf.shape))),
    );
    const sides = { sourceTrain: data, sourceTest: data, targetTrain: data, targetValidation: data };
    const found = await measurePredictors(model, dead as Parameters<Tensor<"float32">>, sides, { seed: 1 });
    for (const { value } of Object.values(found)) expect(value).toSatisfy(Number.isFinite);
    expect(found).toMatchObject({ jacobian: { value: 0 }, frobenius: { value: 0 }, hScore: { value: 0 } });
    // The sum of ln sigma_max, which is ln 0.
    expect(found.spectral).toBeUndefined();
  });

  test("sharpness is the float64 loss where SAM's step leads, less the loss here", async () => {
    const base = toFloat64(parameters) as Parameters<Leaf64>;
    const loss = (p: Parameters<Leaf64>) =>
      mean([0, 1, 2].map((i) => crossEntropyOf(p, image(i), data.labels[i] ?? 0)));
    // The gradient by central differences of each parameter.
    const gradient = new Map<string, Float64Array>();
    mapParameters(base, (leaf, path) => {
      const h = 1e-6;
      gradient.set(
        path,
        leaf.data.map((value, k) => {
          leaf.data[k] = value + h;
          const above = loss(base);
          leaf.data[k] = value - h;
          const below = loss(base);
          leaf.data[k] = value;
          return (above - below) / (2 * h);
        }),
      );
    });
    const length = Math.sqrt([...gradient.values()].reduce((sum, leaf) => sum + squared(leaf), 0));
    const away = mapParameters(base, ({ shape, data: values }, path) => ({
      shape,
      data: values.map((value, k) => value + (0.05 / length) * (gradient.get(path)?.[k] ?? 0)),
    }));
    const found = await sharpness(model, parameters, data);
    expect(found).toBeCloseTo(loss(away as Parameters<Leaf64>) - loss(base), 5);
    expect(found).toBeGreaterThan(0);
    expect(await sharpness(model, parameters, data, { radius: 0 })).toBe(0);
  });

  function crossEntropyOf({ f, g }: Parameters<Leaf64>, pixels: Float64Array, label: number): number {
    const features = referenceFeatures(f, pixels, side, convolutions);
    const logits = Array.from(g.bias.data, (bias, k) =>
      features.reduce((sum, value, j) => sum + value * (g.weight.data[k * features.length + j] ?? 0), bias),
    );
    return Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0)) - (logits[label] ?? 0);
  }
});
