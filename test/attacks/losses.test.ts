import { describe, expect, test } from "vitest";
import { checkpointsOf } from "../../src/attacks/apgd.ts";
import { ontoHyperplane } from "../../src/attacks/box-hyperplane.ts";
import { type LossName, losses } from "../../src/attacks/losses.ts";
import { crossEntropyOf, lossOf } from "../../src/attacks/scores.ts";
import { float32, randomStream, tensor } from "../../src/base/index.ts";
import { compile, type Traced } from "../../src/engine/index.ts";

const rows = [
  [2, -1, 0.5, 1.5, 0],
  [2, 2, 1, 1, -3],
  [-40, 80, 3, 2, 1],
  [0, 0, 0, 0, 0],
];
const labels = [0, 1, 1, 2];
const targets = [3, 0, 2, 4];

/** Worked by hand from the definitions. */
const byHand: Record<Exclude<LossName, "log-odds">, number[]> = {
  difference: [-0.5, 0, -77, 0],
  // (largest other - label) / (first - third)
  dlr: [-0.5 / 1.5, 0, -77 / 78, 0],
  // (target - label) / (first - (third + fourth) / 2)
  "targeted-dlr": [-0.5 / (2 - 0.25), 0, -77 / (80 - 1.5), 0],
};

describe.each(Object.keys(losses) as LossName[])("%s", (name) => {
  test("in a graph and on the host, as worked by hand", async () => {
    const value = await compile<ReturnType<typeof float32>>(
      (z: Traced, y: Traced, t: Traced) => losses[name](z, y, t),
      [
        float32([4, 5], rows.flat()),
        tensor("int32", [4], Int32Array.from(labels)),
        tensor("int32", [4], Int32Array.from(targets)),
      ],
    );
    const graph = await value(
      float32([4, 5], rows.flat()),
      tensor("int32", [4], Int32Array.from(labels)),
      tensor("int32", [4], Int32Array.from(targets)),
    );
    const host = rows.map((row, i) => lossOf(name, Float32Array.from(row), labels[i] ?? 0, targets[i] ?? 0));
    for (const [i, expected] of host.entries()) expect(graph.data[i]).toBeCloseTo(expected, 4);
    if (name !== "log-odds")
      for (const [i, expected] of byHand[name].entries()) expect(host[i]).toBeCloseTo(expected, 6);
    await value.dispose();
  });
});

test("the cross-entropy follows from the log-odds, for sure and for lost examples", () => {
  // Two classes at odds of e^3: -log(1 / (1 + e^-3)), and the same from the other side.
  expect(crossEntropyOf(Float32Array.of(3, 0), 0)).toBeCloseTo(Math.log(1 + Math.exp(-3)), 12);
  expect(crossEntropyOf(Float32Array.of(3, 0), 1)).toBeCloseTo(3 + Math.log(1 + Math.exp(-3)), 12);
  expect(crossEntropyOf(Float32Array.of(500, 0, 0), 1)).toBeCloseTo(500, 6);
});

test("APGD halves at 22, 41, 57, 70, 80, 87, 93 and 99 of 100 steps, as its authors do", () => {
  expect(checkpointsOf(100)).toEqual([22, 41, 57, 70, 80, 87, 93, 99]);
});

describe.each(["l2", "linf"] as const)("the nearest point of a plane within the box, %s", (norm) => {
  const stream = randomStream(5);
  const draw = (n: number, at: () => number) => Float32Array.from({ length: n }, at);
  const cases = Array.from({ length: 40 }, () => {
    const point = draw(12, () => stream.uniform());
    const w = draw(12, () => stream.normal());
    return { point, w, b: 4 * stream.normal() };
  });
  const valueAt = (w: Float32Array, b: number, x: Float32Array) =>
    x.reduce((sum, value, i) => sum + value * (w[i] ?? 0), b);

  test("it is in the box, and on the plane unless the plane misses the box", () => {
    for (const { point, w, b } of cases) {
      const found = ontoHyperplane(norm, point, w, b);
      expect(found.every((value) => value >= 0 && value <= 1)).toBe(true);
      const corner = (side: number) => w.map((weight) => (side * weight > 0 ? 1 : 0));
      const misses = valueAt(w, b, corner(1)) < 0 || valueAt(w, b, corner(-1)) > 0;
      if (misses) expect([...found]).toEqual([...corner(Math.sign(-valueAt(w, b, point)))]);
      else expect(Math.abs(valueAt(w, b, found))).toBeLessThan(1e-5);
    }
  });

  test("none of many other points of plane and box is nearer", () => {
    const length = (a: Float32Array, z: Float32Array) => {
      const offsets = [...a].map((value, i) => Math.abs(value - (z[i] ?? 0)));
      return norm === "l2" ? Math.hypot(...offsets) : Math.max(...offsets);
    };
    for (const { point, w, b } of cases) {
      const found = ontoHyperplane(norm, point, w, b);
      if (Math.abs(valueAt(w, b, found)) > 1e-5) continue;
      for (let trial = 0; trial < 30; trial++) {
        const spread = 0.05 + 0.4 * stream.uniform();
        const near = found.map((value) => Math.min(1, Math.max(0, value + spread * stream.normal())));
        const other = ontoHyperplane("l2", near, w, b);
        expect(length(point, other)).toBeGreaterThan(length(point, found) - 1e-5);
      }
    }
  });
});
