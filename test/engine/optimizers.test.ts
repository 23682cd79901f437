import { describe, expect, test } from "vitest";
import { float32, type Tensor } from "../../src/base/index.ts";
import { compile, grad, multiStep, np, sgdMomentum, type Traced } from "../../src/engine/index.ts";

const scalar = (value: number): Tensor<"float32"> => float32([], [value]);
type State = { params: { w: Tensor; b: Tensor }; velocity: { w: Tensor; b: Tensor } };
type TracedState = { params: { w: Traced; b: Traced }; velocity: { w: Traced; b: Traced } };

describe("sgdMomentum", () => {
  test("three steps by hand: v <- 0.5 v + (g + 0.1 p), p <- p - 0.2 v", async () => {
    const options = { learningRate: 0.2, momentum: 0.5, weightDecay: 0.1 };
    const step = await compile<State>(
      ({ params, velocity }: TracedState, grads: TracedState["params"]) =>
        sgdMomentum(params, velocity, grads, options),
      [state(0, 0), { w: float32([2]), b: scalar(0) }],
    );
    let now = state(1, 0);
    // w[0] and b: p = 1, v = 0, gradients 1, 2, -1.
    // 1: g + wd p = 1.1      v = 1.1                p = 1 - 0.22 = 0.78
    // 2: 2 + 0.078 = 2.078   v = 0.55 + 2.078 = 2.628      p = 0.78 - 0.5256 = 0.2544
    // 3: -1 + 0.02544 = -0.97456   v = 1.314 - 0.97456 = 0.33944   p = 0.2544 - 0.067888 = 0.186512
    const wanted = [
      { p: 0.78, v: 1.1 },
      { p: 0.2544, v: 2.628 },
      { p: 0.186512, v: 0.33944 },
    ];
    for (const [i, g] of [1, 2, -1].entries()) {
      now = await step(now, { w: float32([2], [g, 0]), b: scalar(g) });
      expect(now.params.w.data[0]).toBeCloseTo(wanted[i]?.p ?? Number.NaN, 6);
      expect(now.params.b.data[0]).toBeCloseTo(wanted[i]?.p ?? Number.NaN, 6);
      expect(now.velocity.w.data[0]).toBeCloseTo(wanted[i]?.v ?? Number.NaN, 6);
      expect(now.velocity.b.data[0]).toBeCloseTo(wanted[i]?.v ?? Number.NaN, 6);
    }
    // w[1]: p = 1, no gradient, decay alone: v = 0.1, 0.148, 0.17104 and p = 0.98, 0.9504, 0.9162...
    expect(now.velocity.w.data[1]).toBeCloseTo(0.05 * 0.5 * 1 + 0.5 * 0.098 + 0.09504, 6);
    expect(now.params.w.data[1]).toBeCloseTo(1 - 0.2 * (0.1 + 0.148 + 0.16904), 6);
    await step.dispose();
  });

  test("learning rate, momentum and decay may be arguments", async () => {
    const step = await compile<State>(
      (
        { params, velocity }: TracedState,
        grads: TracedState["params"],
        learningRate: Traced,
        momentum: Traced,
        weightDecay: Traced,
      ) => sgdMomentum(params, velocity, grads, { learningRate, momentum, weightDecay }),
      [state(0, 0), { w: float32([2]), b: scalar(0) }, scalar(0), scalar(0), scalar(0)],
    );
    const next = await step(
      state(2, 4),
      { w: float32([2], [1, 1]), b: scalar(1) },
      scalar(0.5),
      scalar(0.25),
      scalar(3),
    );
    // v = 0.25 * 4 + (1 + 3 * 2) = 8, p = 2 - 0.5 * 8 = -2
    expect(next).toEqual(state(-2, 8));
    await step.dispose();
  });

  test("without momentum and decay it descends a parabola: p <- p - 0.1 * 2 p", async () => {
    const step = await compile<{ params: { p: Tensor }; velocity: { p: Tensor } }>(
      (p: Traced, v: Traced) =>
        sgdMomentum(
          { p },
          { p: v },
          { p: grad((u: Traced) => np.square(u))(p) },
          { learningRate: 0.1, momentum: 0, weightDecay: 0 },
        ),
      [scalar(0), scalar(0)],
    );
    let p: Tensor = scalar(1);
    for (let i = 0; i < 3; i++) p = (await step(p, scalar(0))).params.p;
    expect(p.data[0]).toBeCloseTo(0.8 ** 3, 6);
    await step.dispose();
  });
});

describe("multiStep", () => {
  const schedule = { base: 0.1, epochs: 10, milestones: [0.5, 0.75], decay: 0.1 };
  test.each([
    [0, 0.1],
    [4, 0.1],
    [5, 0.01],
    [7, 0.01],
    [7 + 31 / 64, 0.01],
    [7 + 32 / 64, 0.001],
    [8, 0.001],
    [9, 0.001],
  ])("after %f epochs of 10 with milestones at 5 and 7.5: %f", (epoch, rate) => {
    expect(multiStep(epoch, schedule)).toBeCloseTo(rate, 12);
  });

  test("no milestones, no change", () => {
    expect(multiStep(99, { ...schedule, milestones: [] })).toBe(0.1);
  });
});

function state(p: number, v: number): State {
  return { params: { w: float32([2], [p, p]), b: scalar(p) }, velocity: { w: float32([2], [v, v]), b: scalar(v) } };
}
