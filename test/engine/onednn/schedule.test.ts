import { expect, test } from "vitest";
import { randomStream } from "../../../src/base/index.ts";
import { planMemory } from "../../../src/engine/onednn/planner.ts";
import { schedule } from "../../../src/engine/onednn/schedule.ts";
import { readsOf, type Step, writesOf } from "../../../src/engine/onednn/steps.ts";
import { type Block, view } from "../../../src/engine/onednn/views.ts";

const buffer = (name: string, length: number): Block => ({ name, length, width: 4, address: -1 });
const typed = (of: Block) => ({ view: view(of, [of.length], [1]), type: "float32" as const });
const step = (from: readonly Block[], to: Block): Step => ({
  kind: "host",
  run: () => {},
  inputs: from.map(typed),
  output: typed(to),
});

/** A backward pass in small: images of two layers, slopes that come back through them, a weight's gradient of each. */
function backwardPass() {
  const [x, a, b, slopeB, slopeA, weightB, weightA] = [
    ...["x", "a", "b", "slope of b", "slope of a"].map((name) => buffer(name, 160)),
    ...["weight of b", "weight of a"].map((name) => buffer(name, 16)),
  ] as [Block, Block, Block, Block, Block, Block, Block];
  const forward = [step([x], a), step([a], b)];
  const back = [step([b], slopeB), step([slopeB], slopeA)];
  const weights = [step([slopeB, a], weightB), step([slopeA, x], weightA)];
  return { x, weightA, weightB, forward, back, weights };
}

test("a step that frees more than it makes is done as soon as what it reads is there", () => {
  const { weightA, weightB, forward, back, weights } = backwardPass();
  const kept = new Set([weightA, weightB]);
  // The gradient of b's weight is the last to read a; the slope of b is then read once more, so it goes first.
  expect(schedule([...forward, ...back, ...weights], kept)).toEqual([
    ...forward,
    back[0],
    weights[0],
    back[1],
    weights[1],
  ]);
});

test("the plan needs less memory for it", () => {
  const { x, weightA, weightB, forward, back, weights } = backwardPass();
  const given = { constants: [], inputs: [x], outputs: [weightA, weightB] };
  const { bytes } = planMemory([...forward, ...back, ...weights], given);
  // Addresses begin at 4096. Fullest with x, a, b and b's slope, of 640 bytes each. In the order given it would be with x, a,
  // both slopes and the 64 bytes of b's weight.
  expect(bytes - 4096).toBe(4 * 640);
});

test("steps that meet in a buffer keep their order, and each is done once, whatever the program", () => {
  const stream = randomStream(5);
  for (let round = 0; round < 30; round++) {
    const buffers = Array.from({ length: 12 }, (_, i) => buffer(`b${i}`, 1 + stream.below(100)));
    const pick = () => buffers[stream.below(buffers.length)] as Block;
    const steps = Array.from({ length: 40 }, () => step([pick(), pick()], pick()));
    const order = schedule(steps, new Set([pick()]));
    expect(new Set(order)).toEqual(new Set(steps));
    expect(order).toHaveLength(steps.length);
    const place = new Map(order.map((each, i) => [each, i]));
    for (const [i, first] of steps.entries())
      for (const second of steps.slice(i + 1)) {
        const meets =
          writesOf(first).some((of) => [...readsOf(second), ...writesOf(second)].includes(of)) ||
          readsOf(first).some((of) => writesOf(second).includes(of));
        if (meets) expect(place.get(first)).toBeLessThan(place.get(second) as number);
      }
  }
});

test("what is kept frees nothing, so its reader stays where it was", () => {
  const [x, y, small, other] = [buffer("x", 100), buffer("y", 100), buffer("small", 1), buffer("other", 100)];
  const steps = [step([x], y), step([y], other), step([x], small)];
  expect(schedule(steps, new Set([x]))).toEqual(steps);
  expect(schedule(steps, new Set())).toEqual([steps[0], steps[2], steps[1]]);
});
