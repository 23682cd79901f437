import { expect, test } from "vitest";
import { attackSheet } from "../../src/attacks/index.ts";

test("a row is clean, adversarial, and ten times their difference about mid-grey", () => {
  const clean = Float32Array.of(0, 1, 0.5);
  const adversarial = Float32Array.of(0.03, 1, 0.4);
  const { pixels, width, height } = attackSheet([{ clean, adversarial }], [3, 1, 1], { zoom: 1, gap: 1 });
  expect([width, height]).toEqual([7, 3]);
  const at = (x: number) => [...pixels.slice(3 * (width + x), 3 * (width + x) + 3)];
  expect([at(1), at(3), at(5)]).toEqual([
    [0, 255, 128],
    [8, 255, 102],
    // 0.5 + 10 * (0.03, 0, -0.1), the last one clipped
    [204, 128, 0],
  ]);
  expect([at(0), at(2)]).toEqual([
    [255, 255, 255],
    [255, 255, 255],
  ]);
});
