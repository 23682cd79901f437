import { expect, test } from "vitest";
import { divergence, divergenceTerm } from "../../src/attacks/divergence.ts";
import { float32, type Tensor } from "../../src/base/index.ts";
import { compile, type Traced, valueAndGrad } from "../../src/engine/index.ts";
import type { Parameters } from "../../src/models/index.ts";
import { dense, referenceFeatures, toFloat64 } from "../models/reference-cnn.ts";
import { derivative, inner, moved, randomDirection, randomImages, side, tinyModels } from "../models/tiny.ts";
import { imageOf, meanOver, type Parameters64, softmax } from "../regularizers/reference.ts";

test.each(tinyModels)(
  "$model.name: beta times the mean KL(p(x) || p(x')), in value and, by finite differences, in gradient",
  async ({ model, convolutions }) => {
    const { f, g } = model.init(7);
    // Fresh heads say nearly the same of every image, which would leave float32 little to compare.
    const parameters = { f, g: { ...g, weight: { ...g.weight, data: g.weight.data.map((value) => 40 * value) } } };
    const [images, adversarial] = [randomImages(3, 1), randomImages(3, 2)];
    const run = await compile<{ value: Tensor<"float32">; gradient: Parameters<Tensor<"float32">> }>(
      (p: Parameters<Traced>, x: Traced, moved: Traced) => {
        const term = (q: Parameters<Traced>) => {
          const logits = model.logits(q.g, model.features(q.f, x));
          return divergenceTerm(4, { model, parameters: q, logits }, moved);
        };
        const [value, gradient] = valueAndGrad(term)(p);
        return { value, gradient };
      },
      [parameters, images, adversarial],
    );
    const { value, gradient } = await run(parameters, images, adversarial);
    const reference = (p: Parameters64) =>
      meanOver(images, (image, b) => {
        const answer = (x: Float64Array) =>
          softmax(dense(referenceFeatures(p.f, x, side, convolutions), p.g.weight, p.g.bias.data));
        const [before, after] = [answer(image), answer(imageOf(adversarial, b))];
        return (
          4 * before.reduce((sum, probability, k) => sum + probability * Math.log(probability / (after[k] ?? 0)), 0)
        );
      });
    const at = toFloat64(parameters);
    const expected = reference(at);
    expect(Math.abs((value.data[0] ?? Number.NaN) / expected - 1)).toBeLessThan(1e-3);
    const direction = randomDirection(parameters, 3);
    const slope = derivative((step) => reference(moved(at, direction, step) as Parameters64));
    expect(Math.abs(inner(gradient, direction) - slope)).toBeLessThan(2e-3 * (1e-3 + Math.abs(slope)));
  },
);

test("equal logits diverge by 0, and a shift of all logits changes nothing", async () => {
  const [z, other] = [float32([2, 3], [1, 2, 3, -1, 0, 5]), float32([2, 3], [11, 12, 13, 99, 100, 105])];
  const run = await compile<Tensor>((p: Traced, q: Traced) => divergence(p, q), [z, other]);
  for (const value of (await run(z, other)).data) expect(Math.abs(value)).toBeLessThan(1e-6);
  // p = (1/2, 1/2), q = (1/4, 3/4): KL = ln(2) / 2 + ln(2/3) / 2 = ln(4/3) / 2.
  const [p, q] = [float32([1, 2], [0, 0]), float32([1, 2], [0, Math.log(3)])];
  const one = await compile<Tensor>((a: Traced, b: Traced) => divergence(a, b), [p, q]);
  expect((await one(p, q)).data[0]).toBeCloseTo(Math.log(4 / 3) / 2, 6);
});
