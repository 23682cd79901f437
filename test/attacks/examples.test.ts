import { expect, test } from "vitest";
import { checkExamples, type Examples } from "../../src/attacks/examples.ts";
import { honest } from "./fixtures.ts";

const { victim } = honest;
const shape = [2, ...victim.imageShape] as unknown as Examples["shape"];
const size = shape.reduce((product, length) => product * length, 1);
const check = (pixels: unknown) => () =>
  checkExamples("attack", victim, { pixels: pixels as Examples["pixels"], shape, labels: Int32Array.of(0, 1) });

test("pixels must fill the shape", () => {
  for (const pixels of [new Float32Array(size), new Uint8Array(size), { read: () => {} }])
    expect(check(pixels)).not.toThrow();
  for (const pixels of [new Float32Array(size - 1), new Uint8Array(size + 1)])
    expect(check(pixels)).toThrow(
      `attack: pixels: expected ${size} numbers for shape [${shape.join(", ")}], got ${pixels.length}`,
    );
});

test("pixels of another type are named", () => {
  const wanted = "attack: pixels: expected a Uint8Array, a Float32Array or a reader, got";
  expect(check(new Float64Array(size))).toThrow(`${wanted} Float64Array`);
  expect(check(Array(size).fill(0))).toThrow(`${wanted} Array`);
});
