import { expect, test } from "vitest";
import { randomStream } from "../../../src/base/index.ts";
import { planMemory } from "../../../src/engine/onednn/planner.ts";
import type { Step } from "../../../src/engine/onednn/steps.ts";
import { type Block, view } from "../../../src/engine/onednn/views.ts";

const buffer = (name: string, length: number): Block => ({ name, length, width: 4, address: -1 });
const vector = (of: Block) => view(of, [of.length], [1]);
const copy = (from: Block, to: Block): Step => ({
  kind: "host",
  run: () => {},
  inputs: [{ view: vector(from), type: "float32" }],
  output: { view: vector(to), type: "float32" },
});
const doubling = (from: Block, to: Block): Step => {
  const load = { kind: "load", view: vector(from), type: "float32" } as const;
  return {
    kind: "loop",
    loop: {
      space: [to.length],
      expression: { kind: "apply", op: "add", type: "float32", args: [load, load] },
      output: vector(to),
    },
  };
};
const meet = (a: Block, b: Block) => a.address < b.address + 4 * b.length && b.address < a.address + 4 * a.length;

test("what lives at the same time never shares memory, whatever the program", () => {
  const stream = randomStream(3);
  for (let round = 0; round < 15; round++) {
    const input = buffer("input", 1 + stream.below(100));
    const all = [input];
    const steps: Step[] = [];
    for (let i = 0; i < 40; i++) {
      const from = all[Math.max(0, all.length - 1 - stream.below(6))] as Block;
      const to = buffer(`t${i}`, 1 + stream.below(100));
      steps.push(copy(from, to));
      all.push(to);
    }
    const last = all.at(-1) as Block;
    const { bytes, always } = planMemory(steps, { constants: [], inputs: [input], outputs: [last] });
    const life = (of: Block) => {
      const touched = always.flatMap((step, i) =>
        step.kind === "host" && [step.inputs[0]?.view.buffer, step.output.view.buffer].includes(of) ? [i] : [],
      );
      if (of === input) touched.unshift(-1);
      if (of === last) touched.push(steps.length);
      return [Math.min(...touched), Math.max(...touched)] as const;
    };
    for (const [i, a] of all.entries()) {
      expect(a.address % 64).toBe(0);
      expect(a.address + 4 * a.length).toBeLessThanOrEqual(bytes);
      for (const b of all.slice(i + 1)) {
        const [[from, to], [start, end]] = [life(a), life(b)];
        if (from <= end && start <= to && meet(a, b)) expect.fail(`${a.name} and ${b.name} share memory`);
      }
    }
  }
});

test("a chain of loops works in place, and memory does not grow with its length", () => {
  const chain = Array.from({ length: 10 }, (_, i) => buffer(`t${i}`, 64));
  const steps = chain.slice(1).map((to, i) => doubling(chain[i] as Block, to));
  const input = chain[0] as Block;
  planMemory(steps, { constants: [], inputs: [input], outputs: [chain.at(-1) as Block] });
  expect(new Set(chain.map(({ address }) => address)).size).toBe(1);
});

test("a value that is read again later is not written over", () => {
  const [x, y, z] = [buffer("x", 64), buffer("y", 64), buffer("z", 64)];
  planMemory([doubling(x, y), doubling(x, z)], { constants: [], inputs: [x], outputs: [y, z] });
  expect(meet(x, y)).toBe(false);
  expect(meet(y, z)).toBe(false);
});

test("what depends on constants alone is done once and stays", () => {
  const [weights, packed, x, out] = ["weights", "packed", "x", "out"].map((name) => buffer(name, 16)) as [
    Block,
    Block,
    Block,
    Block,
  ];
  const steps = [copy(weights, packed), copy(x, out)];
  const { once, always } = planMemory(steps, { constants: [weights], inputs: [x], outputs: [out] });
  expect(once).toEqual([steps[0]]);
  expect(always).toEqual([steps[1]]);
  for (const fixed of [weights, packed]) for (const other of [x, out]) expect(meet(fixed, other)).toBe(false);
});

test("what one thread's share needs in passing is not another share's", () => {
  const [x, left, right, out, other] = ["x", "left", "right", "out", "other"].map((name) => buffer(name, 64)) as [
    Block,
    Block,
    Block,
    Block,
    Block,
  ];
  // Each share writes its own buffer and then reads it; side by side, that is one moment.
  const both: Step = {
    kind: "shares",
    shares: [
      [copy(x, left), copy(left, out)],
      [copy(x, right), copy(right, other)],
    ],
  };
  planMemory([both], { constants: [], inputs: [x], outputs: [out, other] });
  const all = [x, left, right, out, other];
  for (const [i, a] of all.entries())
    for (const b of all.slice(i + 1)) if (meet(a, b)) expect.fail(`${a.name} and ${b.name} share memory`);
});
