import { describe, expect, test } from "vitest";
import { compileInnerAttack, innerAttacks } from "../../src/attacks/index.ts";
import { float32, mapLeaves, randomStream, type Tensor, tensor } from "../../src/base/index.ts";
import { compile, crossEntropy, flattenTree, np, onednnState, type Traced } from "../../src/engine/index.ts";
import { type Model, type Parameters, plainCnn } from "../../src/models/index.ts";
import { resnet } from "../../src/models/resnet.ts";
import { jacobianPenalty, type LossPenalty } from "../../src/regularizers/index.ts";
import { type Updated, type UpdateInput, update } from "../../src/training/update.ts";
import { tinyResnet } from "../models/tiny.ts";

const state = await onednnState();
const available = state.usable && state.bf16 && (state.verified || process.env.CARRYOVER_ENGINE === "onednn");

const [batch, classes] = [8, 3];
const cnn = plainCnn({ name: "cnn, small", stages: [[16, 16], [16]], dense: [32], classes, side: 16 });
const residual = resnet({ ...tinyResnet, width: 8 }, classes);
const jr = jacobianPenalty(0.1);

/** A step of training in one precision: its loss, penalty and, as the velocity after it, its gradient. */
async function stepper(model: Model, terms: readonly LossPenalty[], precision: "float32" | "bf16") {
  const parameters = model.init(1);
  const velocity = mapLeaves(parameters, ({ shape }) => float32(shape)) as typeof parameters;
  const drawn = terms.map((term) => term.draw(model, batch, randomStream(4)));
  const first = { parameters, velocity, ...examples(model, 0), learningRate: float32([], [0.05]), drawn };
  const run = await compile<Updated>(
    (input: UpdateInput<Traced>) => update(model, terms, { momentum: 0.9, weightDecay: 0 }, input),
    [first],
    { precision },
  );
  return { run, first };
}

/** Each class has a bright channel of its own. */
function examples({ inputShape }: Model, seed: number) {
  const stream = randomStream(seed + 10);
  const pixels = inputShape[1] * inputShape[2];
  const labels = Int32Array.from({ length: batch }, () => stream.below(classes));
  const images = Float32Array.from({ length: batch * 3 * pixels }, (_, i) => {
    const [image, channel] = [Math.floor(i / (3 * pixels)), Math.floor(i / pixels) % 3];
    return stream.uniform() / 2 + (labels[image] === channel ? 0.5 : 0);
  });
  return { images: float32([batch, ...inputShape], images), labels: tensor("int32", [batch], labels) };
}

const length = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));
const all = (tree: Parameters<Tensor<"float32">>) =>
  Object.values(flattenTree(tree)).flatMap(({ data }) => Array.from(data));

describe.skipIf(!available)("training in bf16 (left out where the processor has none)", () => {
  test.each([
    // Of two nearly equal values in a window, rounding may make the other one the largest, or both.
    { name: "a plain CNN", model: cnn, terms: [], tolerance: 0.2 },
    { name: "a plain CNN with the Jacobian's norm", model: cnn, terms: [jr], tolerance: 0.2 },
    { name: "a residual network with batch normalisation", model: residual, terms: [], tolerance: 0.05 },
    { name: "a residual network with the Jacobian's norm", model: residual, terms: [jr], tolerance: 0.05 },
  ])("$name has float32's loss to 2 %, its gradient to a share of $tolerance", async ({ model, terms, tolerance }) => {
    const [exact, rounded] = await Promise.all(
      (["float32", "bf16"] as const).map(async (precision) => {
        const { run, first } = await stepper(model, terms, precision);
        const out = await run(first);
        await run.dispose();
        return { loss: (out.loss.data[0] ?? 0) + (out.penalty.data[0] ?? 0), gradient: all(out.velocity) };
      }),
    );
    if (!exact || !rounded) throw new Error("no results");
    expect(Math.abs(rounded.loss - exact.loss)).toBeLessThan(0.02 * exact.loss);
    const error = length(exact.gradient.map((value, i) => value - (rounded.gradient[i] ?? Number.NaN)));
    expect(error).toBeLessThan(tolerance * length(exact.gradient));
    // The two are computed apart: equal gradients would mean that nothing was rounded.
    expect(error).toBeGreaterThan(1e-4 * length(exact.gradient));
  });

  test("losses fall alike", async () => {
    const losses = await Promise.all(
      (["float32", "bf16"] as const).map(async (precision) => {
        const { run, first } = await stepper(cnn, [jr], precision);
        let { parameters, velocity } = first;
        const seen: number[] = [];
        for (let step = 0; step < 40; step++) {
          const out = await run({ ...first, parameters, velocity, ...examples(cnn, step) });
          ({ parameters, velocity } = out);
          seen.push(out.loss.data[0] ?? Number.NaN);
        }
        await run.dispose();
        return seen;
      }),
    );
    const [exact = [], rounded = []] = losses;
    expect(exact.at(-1)).toBeLessThan(0.5 * (exact[0] ?? 0));
    for (const [step, loss] of exact.entries())
      expect(Math.abs((rounded[step] ?? Number.NaN) - loss), `step ${step}`).toBeLessThan(0.05 * (exact[0] ?? 0));
  });

  test("an inner attack stays in its ball and raises the loss as far", async () => {
    const attack = innerAttacks.at?.(0.5, { steps: 5 });
    if (!attack) throw new Error("no attack");
    const parameters = cnn.init(2);
    const given = examples(cnn, 3);
    const judge = await compile<Tensor<"float32">>(
      (p: Parameters<Traced>, x: Traced, y: Traced) => np.mean(crossEntropy(cnn.logits(p.g, cnn.features(p.f, x)), y)),
      [parameters, given.images, given.labels],
    );
    const lossOf = async (images: Tensor<"float32">) =>
      (await judge(parameters, images, given.labels)).data[0] ?? Number.NaN;
    const clean = await lossOf(given.images);
    const risen: number[] = [];
    for (const precision of ["float32", "bf16"] as const) {
      const run = await compileInnerAttack(cnn, attack, parameters, batch, { precision });
      const adversarial = await run(parameters, given, randomStream(5));
      await run.dispose();
      const size = given.images.data.length / batch;
      for (let b = 0; b < batch; b++) {
        const moved = Array.from(
          { length: size },
          (_, i) => (adversarial.data[b * size + i] ?? Number.NaN) - (given.images.data[b * size + i] ?? 0),
        );
        expect(length(moved)).toBeLessThan(0.5001);
      }
      risen.push((await lossOf(adversarial)) - clean);
    }
    await judge.dispose();
    const [exact = 0, rounded = 0] = risen;
    expect(exact).toBeGreaterThan(0);
    expect(Math.abs(rounded - exact)).toBeLessThan(0.05 * exact);
  });
});
