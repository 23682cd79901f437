import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { float32, randomStream, sizeOf, type Tensor } from "../../../src/base/index.ts";
import { conv2d, grad, np, onednnState, relu, type Traced } from "../../../src/engine/index.ts";
import { normal, run } from "../oracle.ts";
import { array64, conv2d as conv64, relu as relu64 } from "../reference.ts";

const state = await onednnState();
const available = state.usable && state.bf16;

/** Eighths of small whole numbers: bf16 holds them, and float32 their sums of products, without rounding. */
function eighths(shape: readonly number[], seed: number): Tensor<"float32"> {
  const stream = randomStream(seed);
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => (stream.below(41) - 20) / 8),
  );
}

const padded = { stride: 1, padding: 1, groups: 1 };
const array = ({ shape, data }: Tensor) => array64(shape, data);
const convolved = (x: Traced, w: Traced, b: Traced) => conv2d(x, w, b, { padding: 1 });

const alone = { name: "one thread", threads: 1 };
const shared = { name: "three threads", threads: 3 };

describe.skipIf(!available).each([alone, shared])("convolutions and products in bf16 on $name", ({ threads }) => {
  const bf16 = { precision: "bf16", threads } as const;
  const cases = [
    { batch: 2, channels: [3, 5], size: 6 },
    { batch: 3, channels: [16, 32], size: 8 },
    { batch: 2, channels: [1, 16], size: 7 },
  ] as const;

  test.each(cases)(
    "sums are float32: exact where float32 is, $channels channels",
    async ({ batch, channels, size }) => {
      const x = eighths([batch, channels[0], size, size], 1);
      const w = eighths([channels[1], channels[0], 3, 3], 2);
      const b = eighths([channels[1]], 3);
      const [got] = await run((...args: Traced[]) => convolved(...(args as [Traced, Traced, Traced])), [x, w, b], bf16);
      expect(Array.from(got?.data ?? [])).toEqual(Array.from(conv64(array(x), array(w), array(b), padded).data));
    },
  );

  test.each(cases)("so are both gradients, $channels channels", async ({ batch, channels, size }) => {
    const x = eighths([batch, channels[0], size, size], 4);
    const w = eighths([channels[1], channels[0], 3, 3], 5);
    const y = eighths([batch, channels[1], size, size], 6);
    const zero = float32([channels[1]]);
    const along = (u: Traced, v: Traced, t: Traced, z: Traced) => np.sum(np.multiply(convolved(u, v, z), t));
    const gradients = (u: Traced, v: Traced, t: Traced, z: Traced) => [
      grad((p: Traced) => along(p, v, t, z))(u),
      grad((p: Traced) => along(u, p, t, z))(v),
    ];
    const [byImage, byWeight] = (await run(gradients, [x, w, y, zero], bf16)).map(({ data }) => data);
    // <y, conv(x, w)> is linear in x and in w: its derivative along a unit is its value there.
    const value = (u: Tensor, v: Tensor) =>
      conv64(array(u), array(v), array(zero), padded).data.reduce((sum, term, i) => sum + term * (y.data[i] ?? 0), 0);
    const unit = ({ shape }: Tensor, at: number) =>
      float32(
        shape,
        Float32Array.from({ length: sizeOf(shape) }, (_, i) => Number(i === at)),
      );
    for (const at of [0, 7, 20]) {
      expect(byImage?.[at]).toBe(value(unit(x, at), w));
      expect(byWeight?.[at]).toBe(value(x, unit(w, at)));
    }
  });

  test("a product, both ways round", async () => {
    const [a, b] = [eighths([5, 33], 7), eighths([33, 9], 8)];
    const fn = (x: Traced, y: Traced) => [np.matmul(x, y), np.matmul(np.transpose(y), np.transpose(x))];
    const [product, turned] = await run(fn, [a, b], bf16);
    const wanted = (i: number, j: number) =>
      Array.from({ length: 33 }, (_, k) => (a.data[i * 33 + k] ?? 0) * (b.data[k * 9 + j] ?? 0)).reduce(
        (s, t) => s + t,
      );
    for (let i = 0; i < 5; i++)
      for (let j = 0; j < 9; j++) {
        expect(product?.data[i * 9 + j]).toBe(wanted(i, j));
        expect(turned?.data[j * 5 + i]).toBe(wanted(i, j));
      }
  });

  test("what a convolution reads has 8 bits, no fewer and no more", async () => {
    const [x, w, b] = [normal([2, 16, 8, 8], 9), normal([16, 16, 3, 3], 10), normal([16], 11)];
    const fn = (...args: Traced[]) => relu(convolved(...(args as [Traced, Traced, Traced])));
    const [got] = await run(fn, [x, w, b], bf16);
    const wanted = relu64(conv64(array(x), array(w), array(b), padded)).data;
    const [error, size] = [0, 0].map((_, which) =>
      Math.hypot(...wanted.map((value, i) => (which === 0 ? value - (got?.data[i] ?? Number.NaN) : value))),
    ) as [number, number];
    // Each factor is off by a part in 2^9 at most, evenly spread: sqrt(2 / 3) / 2^9 = 0.0016, of factors evenly spread 0.7 of it.
    expect(error / size).toBeLessThan(0.003);
    expect(error / size).toBeGreaterThan(0.0005);
  });

  test("between convolutions tensors are kept as bf16; what no convolution reads is not rounded", async () => {
    const x = normal([2, 16, 8, 8], 12);
    const third = (u: Traced) => np.multiply(u, 1 / 3);
    const [inBf16] = await run(third, [x], bf16);
    const [inFloat32] = await run(third, [x]);
    expect(inBf16).toEqual(inFloat32);
  });
});

describe("where it cannot be had it is refused in one sentence", () => {
  const refusal = async (environment: NodeJS.ProcessEnv) => {
    const script = `
      import { float32 } from "./src/base/index.ts";
      import { compile, np } from "./src/engine/index.ts";
      const refused = await compile((x) => np.square(x), [float32([1], [1])], { precision: "bf16" }).catch((error) => error);
      console.log(refused.name + ": " + refused.message);
    `;
    const argv = ["--disable-warning=ExperimentalWarning", "--input-type=module-typescript", "--eval", script];
    const { stdout } = await promisify(execFile)(process.execPath, argv, { env: { ...process.env, ...environment } });
    return stdout;
  };
  const needs =
    "InputError: precision: bf16 expects oneDNN on a processor that multiplies bf16 (avx512_core_bf16 or AMX)";

  test("by onnxruntime", async () => {
    expect(await refusal({ CARRYOVER_ENGINE: "onnxruntime" })).toBe(`${needs}, got onnxruntime\n`);
  });

  test("by oneDNN on a processor without it", async () => {
    const told = await refusal({ CARRYOVER_ENGINE: "onednn", ONEDNN_MAX_CPU_ISA: "AVX2", DNNL_MAX_CPU_ISA: "AVX2" });
    expect(told).toMatch(/, got oneDNN \d+\.\d+\.\d+ (avx2|sse41|0x\w+)\n$/);
    expect(told.startsWith(needs)).toBe(true);
  });
});
