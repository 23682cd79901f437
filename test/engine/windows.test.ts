import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { float32 } from "../../src/base/index.ts";
import { grad, lax, np, type Traced } from "../../src/engine/index.ts";
import { agree, coarse, normal, property, seeds } from "./oracle.ts";

/** A [batch, channels, h, w] image with a window that fits, strides below, at and above the window's size. */
const cases = fc
  .record({
    lead: fc.constantFrom([], [2], [2, 3]),
    image: fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })),
    window: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    seed: seeds,
  })
  .filter(({ image, window }) => window.every((length, i) => length <= (image[i] ?? 0)));

const kinds: Record<string, (window: Traced) => Traced> = {
  max: (window) => np.max(window),
  mean: (window) => np.mean(window),
  "sum of squares": (window) => np.sum(np.square(window)),
  min: (window) => np.min(window),
};

describe.each(Object.entries(kinds))("reduceWindow with %s", (_, reduce) => {
  test(
    "value, gradient and second derivative, windows overlapping or apart",
    property(cases, ({ lead, image, window, strides, seed }) => {
      const pooled = (x: Traced) =>
        lax.reduceWindow(x, reduce, [...lead.map(() => 1), ...window], [...lead.map(() => 1), ...strides]);
      const loss = (x: Traced) => np.sum(np.sin(pooled(x)));
      const norm = (x: Traced) => np.sum(np.square(grad(loss)(x)));
      return agree((x: Traced) => [pooled(x), grad(loss)(x), grad(norm)(x)], [normal([...lead, ...image], seed)], {
        relative: 1e-4,
      });
    }),
  );

  test(
    "ties",
    property(cases, ({ lead, image, window, strides, seed }) => {
      const pooled = (x: Traced) =>
        lax.reduceWindow(x, reduce, [...lead.map(() => 1), ...window], [...lead.map(() => 1), ...strides]);
      return agree(
        (x: Traced) => [pooled(x), grad((v: Traced) => np.sum(pooled(v)))(x)],
        [coarse([...lead, ...image], seed)],
      );
    }),
  );
});

test("by hand: overlapping maxima of 1 3 2 are 3 3, and both gradients meet at the 3", async () => {
  const pooled = (x: Traced) => lax.reduceWindow(x, (window: Traced) => np.max(window), [2], [1]);
  const fn = (x: Traced) => [pooled(x), grad((v: Traced) => np.sum(pooled(v)))(x)];
  const [value, gradient] = await agree(fn, [float32([3], [1, 3, 2])]);
  expect(value?.data).toEqual(Float32Array.of(3, 3));
  expect(gradient?.data).toEqual(Float32Array.of(0, 2, 0));
});
