/**
 * First and second derivatives of a small network against finite differences of forward passes written in float64
 * (`reference.ts`), which share no code with the engine and none with jax-js.
 */
import { describe, expect, test } from "vitest";
import { float32, randomStream, type Tensor, tensor } from "../../src/base/index.ts";
import {
  averagePool,
  conv2d,
  crossEntropy,
  grad,
  jvp,
  lax,
  linear,
  maxPool,
  np,
  relu,
  type Traced,
} from "../../src/engine/index.ts";
import { normal, run } from "./oracle.ts";
import type { Array64 } from "./reference.ts";
import * as reference from "./reference.ts";

type Parameters<Leaf> = {
  readonly conv1: Leaf;
  readonly bias1: Leaf;
  readonly conv2: Leaf;
  readonly bias2: Leaf;
  readonly fc: Leaf;
  readonly fcBias: Leaf;
};
type Name = keyof Parameters<unknown>;

/** relu and max pooling have kinks; a step of 1e-5 crosses none of them at these seeds. */
const networks = [
  { name: "3 and 4 channels", channels: [3, 4] as const, side: 4 },
  { name: "16 channels, which the executor keeps in blocks", channels: [16, 16] as const, side: 4 },
];

const labels = tensor("int32", [2], Int32Array.of(1, 0));

function parametersFor([first, second]: readonly [number, number], side: number): Parameters<Tensor<"float32">> {
  const small = (shape: number[], seed: number) => {
    const fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
    const { data } = normal(shape, seed);
    return float32(
      shape,
      data.map((value) => (shape.length > 1 ? value / Math.sqrt(fanIn) : 0.1 * value)),
    );
  };
  return {
    conv1: small([first, 2, 3, 3], 1),
    bias1: small([first], 2),
    conv2: small([second, first, 3, 3], 3),
    bias2: small([second], 4),
    fc: small([3, second * (side / 2) ** 2], 5),
    fcBias: small([3], 6),
  };
}

/** conv - relu - max pool - conv - relu - linear - mean cross-entropy. */
function loss(p: Parameters<Traced>, x: Traced, y: Traced): Traced {
  const a = maxPool(relu(conv2d(x, p.conv1, p.bias1, { padding: 1 })), 2);
  const b = relu(conv2d(a, p.conv2, p.bias2, { padding: 1 }));
  const flat = np.reshape(b, [x.shape[0] ?? 0, -1]);
  return np.mean(crossEntropy(linear(flat, p.fc, p.fcBias), y));
}

function loss64(p: Parameters<Array64>, x: Array64): number {
  const plain = { stride: 1, padding: 1, groups: 1 };
  const a = reference.maxPool(reference.relu(reference.conv2d(x, p.conv1, p.bias1, plain)), 2);
  const b = reference.relu(reference.conv2d(a, p.conv2, p.bias2, plain));
  const losses = reference.crossEntropy(reference.linear(reference.flatten(b), p.fc, p.fcBias), labels.data);
  return losses.data.reduce((sum, value) => sum + value, 0) / losses.data.length;
}

const array64 = ({ shape, data }: Tensor): Array64 => reference.array64(shape, data);

/** A random direction in the space of one array. */
function direction(like: Array64, seed: number): Array64 {
  const stream = randomStream(seed);
  return { shape: like.shape, data: like.data.map(() => stream.normal()) };
}

const moved = (base: Array64, along: Array64, step: number): Array64 => ({
  shape: base.shape,
  data: base.data.map((value, i) => value + step * (along.data[i] ?? 0)),
});

const names = ["conv1", "bias1", "conv2", "bias2", "fc", "fcBias"] as const satisfies readonly Name[];

/** The same for all parameters at once. */
function parametersFrom<Leaf>(of: (name: Name, i: number) => Leaf): Parameters<Leaf> {
  return Object.fromEntries(names.map((name, i) => [name, of(name, i)])) as Parameters<Leaf>;
}

const allMoved = (base: Parameters<Array64>, along: Parameters<Array64>, step: number): Parameters<Array64> =>
  parametersFrom((name) => moved(base[name], along[name], step));

const allDot = (a: Parameters<Array64>, b: Parameters<Array64>): number =>
  names.reduce((sum, name) => sum + reference.dot(a[name], b[name]), 0);

/** Agreement in float32: a part in ten thousand of the number, or of the gradient's length times the direction's. */
function expectNear(got: number, wanted: number, scale: number): void {
  expect(Math.abs(got - wanted), `expected ${wanted}, got ${got}`).toBeLessThan(
    1e-4 * Math.max(Math.abs(wanted), scale),
  );
}

const length = (x: Array64) => Math.sqrt(reference.dot(x, x));

describe.each(networks)("$name", ({ channels, side }) => {
  const parameters = parametersFor(channels, side);
  const images = normal([2, 2, side, side], 7);
  const x64 = array64(images);
  const p64 = parametersFrom((name) => array64(parameters[name]));
  const directions = [20, 30].map((seed) => parametersFrom((name, i) => direction(p64[name], seed + i)));
  /** The squared norm of the input gradient: a difference of differences, once it is differentiated. */
  const penalty64 = (p: Parameters<Array64>, x = x64) => {
    const gradient = reference.numericalGradient((v) => loss64(p, v), x);
    return reference.dot(gradient, gradient);
  };

  test("the loss, and its gradient in the images and in every parameter", async () => {
    const fn = (p: Parameters<Traced>, x: Traced, y: Traced) => ({
      value: loss(p, x, y),
      images: grad((v: Traced) => loss(p, v, y))(x),
      parameters: grad((q: Parameters<Traced>) => loss(q, x, y))(p),
    });
    const [value, byImages, ...byParameters] = (await run(fn, [parameters, images, labels])).map(array64);
    expectNear(value?.data[0] ?? Number.NaN, loss64(p64, x64), 0);
    const wanted = reference.numericalGradient((v) => loss64(p64, v), x64);
    for (const [i, got] of (byImages?.data ?? []).entries())
      expectNear(got, wanted.data[i] ?? Number.NaN, length(wanted));
    for (const [i, name] of names.entries()) {
      const gradient = byParameters[i] as Array64;
      const along = direction(p64[name], 40 + i);
      const slope = (step: number) => loss64({ ...p64, [name]: moved(p64[name], along, step) }, x64);
      expectNear(reference.dot(gradient, along), reference.derivative(slope), length(gradient));
    }
  });

  test("the squared norm of the input gradient, and its gradient, reverse over reverse and reverse over forward", async () => {
    const inputGradient = (p: Parameters<Traced>, x: Traced, y: Traced) => grad((v: Traced) => loss(p, v, y))(x);
    const reverse = (p: Parameters<Traced>, x: Traced, y: Traced) => np.sum(np.square(inputGradient(p, x, y)));
    const forward = (p: Parameters<Traced>, x: Traced, y: Traced) => {
      const g = lax.stopGradient(inputGradient(p, x, y));
      return jvp((v: Traced) => loss(p, v, y), [x], [np.multiply(g, 2)])[1];
    };
    const fn = (p: Parameters<Traced>, x: Traced, y: Traced) => ({
      value: reverse(p, x, y),
      byImages: grad((v: Traced) => reverse(p, v, y))(x),
      reverse: grad((q: Parameters<Traced>) => reverse(q, x, y))(p),
      forward: grad((q: Parameters<Traced>) => forward(q, x, y))(p),
    });
    const [value, byImages, ...gradients] = (await run(fn, [parameters, images, labels])).map(array64);
    expectNear(value?.data[0] ?? Number.NaN, penalty64(p64), 0);
    const [reversed, forwarded] = [0, names.length].map((from) =>
      parametersFrom((_, i) => gradients[from + i] as Array64),
    ) as [Parameters<Array64>, Parameters<Array64>];
    const size = Math.sqrt(allDot(reversed, reversed));
    for (const along of directions) {
      const slope = reference.derivative((step) => penalty64(allMoved(p64, along, step)));
      expectNear(allDot(reversed, along), slope, size);
      expectNear(allDot(forwarded, along), slope, size);
    }
    const along = direction(x64, 50);
    const slope = reference.derivative((step) => penalty64(p64, moved(x64, along, step)));
    expectNear(reference.dot(byImages as Array64, along), slope, length(byImages as Array64));
  });
});

test("averagePool and groups with a stride, in the same way", async () => {
  const [x, w, b] = [normal([1, 4, 6, 6], 1), normal([6, 2, 3, 3], 2), normal([6], 3)];
  const options = { stride: 2, padding: 1, groups: 2 };
  const scalar = (v: Traced, u: Traced, c: Traced) => np.sum(np.sin(conv2d(averagePool(v, 1), u, c, options)));
  const scalar64 = (v: Array64, u: Array64) =>
    reference
      .conv2d(reference.averagePool(v, 1), u, array64(b), options)
      .data.reduce((sum, value) => sum + Math.sin(value), 0);
  const fn = (v: Traced, u: Traced, c: Traced) => [
    grad((t: Traced) => scalar(t, u, c))(v),
    grad((t: Traced) => scalar(v, t, c))(u),
    grad((t: Traced) => np.sum(np.square(grad((s: Traced) => scalar(s, t, c))(v))))(u),
  ];
  const [byX, byW, second] = (await run(fn, [x, w, b])).map(array64) as [Array64, Array64, Array64];
  const [x64, w64] = [array64(x), array64(w)];
  const [alongX, alongW] = [direction(x64, 4), direction(w64, 5)];
  expectNear(
    reference.dot(byX, alongX),
    reference.derivative((h) => scalar64(moved(x64, alongX, h), w64)),
    length(byX),
  );
  expectNear(
    reference.dot(byW, alongW),
    reference.derivative((h) => scalar64(x64, moved(w64, alongW, h))),
    length(byW),
  );
  const penalty = (u: Array64) => {
    const g = reference.numericalGradient((v) => scalar64(v, u), x64, 1e-3);
    return reference.dot(g, g);
  };
  expectNear(
    reference.dot(second, alongW),
    reference.derivative((h) => penalty(moved(w64, alongW, h)), 1e-3),
    length(second),
  );
});
