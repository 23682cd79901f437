import fc from "fast-check";
import { expect, test } from "vitest";
import { readIdx } from "../../src/datasets/read-idx.ts";
import { idx } from "./samples.ts";

test("a 2 x 3 idx file, by hand", () => {
  const bytes = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 10, 11, 12, 13, 14, 255);
  const { shape, data } = readIdx(bytes, "f");
  expect(shape).toEqual([2, 3]);
  expect([...data]).toEqual([10, 11, 12, 13, 14, 255]);
});

test("what was written is read, and one byte less or more is named", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }), (shape) => {
      const data = Uint8Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i);
      const bytes = idx(shape, data);
      expect(readIdx(bytes, "f")).toEqual({ shape, data });
      expect(() => readIdx(bytes.subarray(0, -1), "f")).toThrow(`got ${bytes.length - 1}`);
      expect(() => readIdx(Uint8Array.of(...bytes, 0), "f")).toThrow(`f: expected ${bytes.length} bytes`);
    }),
  );
});

test("a cut header, another type and another format are named", () => {
  expect(() => readIdx(Uint8Array.of(0, 0, 8, 2, 0, 0), "f")).toThrow(
    "f: expected an idx header of 12 bytes, got 6 (truncated?)",
  );
  expect(() => readIdx(Uint8Array.of(0, 0, 0x0d, 1, 0, 0, 0, 0), "f")).toThrow(
    "f: expected idx data of unsigned bytes (type 0x08), got type 0x0d",
  );
  expect(() => readIdx(Uint8Array.of(0x1f, 0x8b, 8, 0), "f")).toThrow(
    "expected an idx file (first bytes 00 00), got 1f 8b 08 00",
  );
  expect(() => readIdx(new Uint8Array(), "f")).toThrow("got an empty file");
});
