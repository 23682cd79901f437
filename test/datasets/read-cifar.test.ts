import fc from "fast-check";
import { expect, test } from "vitest";
import { cifar10Count, readCifar10, writeCifar10 } from "../../src/datasets/read-cifar.ts";

/** Two records: label 3 then pixels counting up modulo 251, label 9 then all 7. */
const two = Uint8Array.from({ length: 2 * 3073 }, (_, at) => {
  if (at === 0) return 3;
  if (at === 3073) return 9;
  return at < 3073 ? (at - 1) % 251 : 7;
});

function read(bytes: Uint8Array) {
  const n = cifar10Count(bytes, "f.bin");
  const into = { pixels: new Uint8Array(n * 3072), labels: new Int32Array(n), at: 0 };
  expect(readCifar10(bytes, "f.bin", into)).toBe(n);
  return into;
}

test("a record is a label, then the red, green and blue planes", () => {
  const { pixels, labels } = read(two);
  expect([...labels]).toEqual([3, 9]);
  expect([...pixels.subarray(0, 3)]).toEqual([0, 1, 2]);
  expect(pixels[1024]).toBe(1024 % 251);
  expect(pixels[3071]).toBe(3071 % 251);
  expect(pixels.subarray(3072).every((value) => value === 7)).toBe(true);
});

test("records are read behind those that are there", () => {
  const into = { pixels: new Uint8Array(3 * 3072), labels: new Int32Array(3), at: 1 };
  readCifar10(two, "f.bin", into);
  expect([...into.labels]).toEqual([0, 3, 9]);
  expect(into.pixels[3072 + 5]).toBe(5);
});

test("interleaved pixels written as records are read back as planes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 255 }),
      (labels, step) => {
        const rgb = Uint8Array.from({ length: labels.length * 3072 }, (_, at) => at * step);
        const back = read(writeCifar10(rgb, labels));
        expect([...back.labels]).toEqual(labels);
        const right = back.pixels.every((value, at) => {
          const [image, channel, pixel] = [Math.floor(at / 3072), Math.floor((at % 3072) / 1024), at % 1024];
          return value === rgb[image * 3072 + pixel * 3 + channel];
        });
        expect(right).toBe(true);
      },
    ),
    { numRuns: 20 },
  );
});

test("a part of a record, an empty file and a label of 10 are named", () => {
  expect(() => cifar10Count(two.subarray(0, 5000), "f.bin")).toThrow(
    "f.bin: expected whole CIFAR-10 records of 3073 bytes, got 5000 bytes (truncated?)",
  );
  expect(() => cifar10Count(new Uint8Array(), "f.bin")).toThrow("got 0 bytes");
  const wrong = two.slice();
  wrong[3073] = 10;
  expect(() => read(wrong)).toThrow("f.bin: record 1: expected a label in 0-9, got 10");
});
