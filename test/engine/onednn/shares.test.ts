import { expect, test } from "vitest";
import { float32, leavesOf, type Tensor } from "../../../src/base/index.ts";
import { compile, conv2d, grad, maxPool, np, relu, type Traced } from "../../../src/engine/index.ts";
import type { Node } from "../../../src/engine/nodes.ts";
import type { Precision } from "../../../src/engine/onednn/dnnl.ts";
import { findDnnl } from "../../../src/engine/onednn/library.ts";
import { lowerToSteps } from "../../../src/engine/onednn/lowering.ts";
import { readsOf, writesOf } from "../../../src/engine/onednn/steps.ts";
import { Program } from "../../../src/engine/program.ts";
import { recognise } from "../../../src/engine/recognise.ts";
import { trace } from "../../../src/engine/trace.ts";
import { expectClose } from "../oracle.ts";

async function traced(fn: (...args: never[]) => Traced, ...shapes: readonly number[][]): Promise<readonly Node[]> {
  const example = shapes.map((shape) => float32(shape));
  return recognise(await trace(fn, example), new Map<number, Tensor>()).outputs;
}

const padded = { padding: 1 };
const layer = (x: Traced, w: Traced) => conv2d(x, w, undefined, padded);
const byWeight = (x: Traced, w: Traced) => grad((v: Traced) => np.sum(layer(x, v)))(w);
const byImage = (x: Traced, w: Traced) => grad((u: Traced) => np.sum(layer(u, w)))(x);
const network = (first: Traced, x: Traced, second: Traced) =>
  np.sum(np.square(layer(maxPool(relu(layer(x, first)), 2), second)));

/** A product whose left side is one row again and again. */
function ofOneRow(): readonly Node[] {
  const program = new Program();
  const row = program.expand(program.input(0, [1, 64], "float32"), [48, 64]);
  return [program.matmul(row, program.input(1, [64, 32], "float32"))];
}

/** The same image for the whole batch. */
function ofOneImage(): readonly Node[] {
  const program = new Program();
  const images = program.expand(program.input(0, [1, 16, 8, 8], "float32"), [12, 16, 8, 8]);
  const geometry = { strides: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const;
  return [program.conv(images, program.input(1, [16, 16, 3, 3], "float32"), geometry)];
}

const programs: Readonly<Record<string, () => Promise<readonly Node[]> | readonly Node[]>> = {
  "a weight's gradient of a sum": () => traced(byWeight, [12, 16, 8, 8], [16, 16, 3, 3]),
  "the same by Winograd's algorithm": () => traced(byWeight, [24, 32, 32, 32], [32, 32, 3, 3]),
  "an image's gradient of a sum": () => traced(byImage, [12, 16, 8, 8], [16, 16, 3, 3]),
  "all gradients of two layers": () => traced(grad(network), [32, 3, 3, 3], [12, 3, 16, 16], [32, 32, 3, 3]),
  "one image for a whole batch": ofOneImage,
  "a product of one row": ofOneRow,
};

test.each(Object.keys(programs))("no share reads what another share of the step writes: %s", async (name) => {
  const found = findDnnl();
  if (!("dnnl" in found)) throw new Error(found.reason);
  const outputs = (await programs[name]?.()) ?? [];
  for (const threads of [2, 3, 4])
    for (const precision of ["float32", "bf16"] satisfies Precision[]) {
      const { steps } = lowerToSteps(outputs, found.dnnl, { precision, threads });
      const shared = steps.flatMap((step) => (step.kind === "shares" ? [step.shares] : []));
      expect(shared.length).toBeGreaterThan(0);
      for (const shares of shared)
        for (const [i, writer] of shares.entries())
          for (const reader of shares.toSpliced(i, 1)) {
            const written = new Set(writer.flatMap(writesOf));
            expect(reader.flatMap(readsOf).filter((block) => written.has(block))).toEqual([]);
          }
    }
});

test("the gradient of a sum by a weight counts windows, on the first call too", async () => {
  const ones = (shape: readonly number[]) => float32(shape, new Float32Array(shape.reduce((a, b) => a * b)).fill(1));
  const example = [ones([16, 32, 32, 32]), ones([32, 32, 3, 3])];
  const compiled = await compile(byWeight, example, { threads: 2 });
  const [got] = leavesOf(await compiled(...example));
  await compiled.dispose();
  // Of 32 x 32 windows in 16 images, those in the first (last) row have no image under their first (last) row.
  const of = (place: number) => (place === 1 ? 32 : 31);
  const wanted = [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => 16 * of(row) * of(column)));
  const all = Array.from({ length: 32 * 32 }, () => wanted).flat();
  expectClose([got as Tensor], [float32([32, 32, 3, 3], all)]);
});
