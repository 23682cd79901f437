import { expect, test } from "vitest";
import { float32, leavesOf, type Tensor } from "../../../src/base/index.ts";
import {
  type CompileOptions,
  compile,
  conv2d,
  grad,
  maxPool,
  np,
  onednnState,
  relu,
  type Traced,
} from "../../../src/engine/index.ts";
import { findDnnl } from "../../../src/engine/onednn/library.ts";
import type { Task } from "../../../src/engine/onednn/tasks.ts";
import { type Share, teamOf } from "../../../src/engine/onednn/team.ts";
import { expectClose, normal } from "../oracle.ts";

function dnnlHere() {
  const found = findDnnl();
  if (!("dnnl" in found)) throw new Error(found.reason);
  return found.dnnl;
}

/** Convolutions narrow and wide, pooling, a dense layer, and the gradients of all weights and of the images. */
function network({ images, first, second, dense }: Record<string, Traced>): Traced {
  const hidden = maxPool(relu(conv2d(images as Traced, first as Traced, undefined, { padding: 1 })), 2);
  const wide = relu(conv2d(hidden, second as Traced, undefined, { padding: 1 }));
  const [batch = 1] = wide.shape;
  return np.sum(np.sin(np.matmul(np.reshape(wide, [batch, -1]), dense as Traced)));
}

const example = {
  images: normal([12, 3, 16, 16], 1),
  first: scaled(normal([32, 3, 3, 3], 2), 0.2),
  second: scaled(normal([32, 32, 3, 3], 3), 0.06),
  dense: scaled(normal([32 * 8 * 8, 10], 4), 0.02),
};

/** A module without functions. */
const empty = new WebAssembly.Module(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0));

function scaled({ shape, data }: Tensor<"float32">, factor: number) {
  return float32(
    shape,
    data.map((value) => value * factor),
  );
}

async function gradients(options: CompileOptions): Promise<Tensor[]> {
  const compiled = await compile((x: Record<string, Traced>) => grad(network)(x), [example], options);
  const once = leavesOf(await compiled(example));
  // What threads leave behind in memory must not change the next call.
  expect(leavesOf(await compiled(example))).toEqual(once);
  await compiled.dispose();
  return once;
}

test("two, three and five threads compute what one does, to float32's rounding of sums in another order", async () => {
  const alone = await gradients({ threads: 1 });
  for (const threads of [2, 3, 5]) expectClose(await gradients({ threads }), alone, 1e-5);
});

const state = await onednnState();

test.skipIf(!state.usable || !state.bf16)("so they do in bf16, where a sum may round to its neighbour", async () => {
  const alone = await gradients({ threads: 1, precision: "bf16" });
  for (const threads of [2, 3, 5]) expectClose(await gradients({ threads, precision: "bf16" }), alone, 2 ** -7);
});

test("programs of one team take turns, and one that is gone leaves the others alone", async () => {
  const square = await compile((x: Traced) => np.square(x), [normal([64, 256], 1)], { threads: 2 });
  const cosine = await compile((x: Traced) => np.cos(x), [normal([64, 256], 1)], { threads: 2 });
  const x = normal([64, 256], 5);
  const results = async () => [await square(x), await cosine(x)];
  const before = await results();
  const gone = await compile((y: Traced) => np.add(y, 1), [x], { threads: 2 });
  await gone(x);
  await gone.dispose();
  expect(await results()).toEqual(before);
  expectClose(before as Tensor[], [
    float32(
      [64, 256],
      x.data.map((v) => v * v),
    ),
    float32([64, 256], x.data.map(Math.cos)),
  ]);
});

test("a task that fails on another thread fails the call that shared it, and the team goes on", async () => {
  const team = await teamOf(2, dnnlHere());
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const broken: Share = [[], [{ primitive: 0n, operands: 0n, count: 0 }]];
  const { perform, dispose } = team.enlist({ module: empty, memory, shares: [broken, [[], []]] });
  const own: string[] = [];
  expect(() => perform(0, () => own.push("broken"))).toThrow("oneDNN: execution failed with status");
  perform(1, () => own.push("sound"));
  expect(own).toEqual(["broken", "sound"]);
  dispose();
});

test("a step that fails on several threads is told once, and nothing of it to the next program", async () => {
  const team = await teamOf(3, dnnlHere());
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const fails: Task = { primitive: 0n, operands: 0n, count: 0 };
  const missing: Task = { loop: "missing", piece: 0 };
  const broken: Share = [[], [fails], [fails]];
  const { perform, dispose } = team.enlist({ module: empty, memory, shares: [broken, [[], []]] });
  const ownFails = () => {
    throw new Error("its own");
  };
  expect(() => perform(0, ownFails)).toThrow("its own");
  expect(() => perform(1, () => {})).not.toThrow();
  expect(() => perform(0, () => {})).toThrow("oneDNN: execution failed");
  const next = team.enlist({ module: empty, memory, shares: [[[], [], [missing]]] });
  expect(() => next.perform(0, () => {})).toThrow("loop is not a function");
  for (const each of [dispose, next.dispose]) each();
});
