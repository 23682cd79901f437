import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/engine/index.ts";
import { bits, file, small } from "./safetensors-files.ts";

describe("a damaged file", () => {
  const whole = encodeSafetensors(small, { epoch: "3" });

  test("every truncation is an InputError", () => {
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeSafetensors(whole.subarray(0, length)), `${length} bytes`).toThrow(InputError);
  });

  test("a byte too many is an InputError", () => {
    expect(() => decodeSafetensors(Uint8Array.of(...whole, 0))).toThrow(InputError);
  });

  test("every single flipped bit is an InputError, or leaves every tensor as it was", () => {
    let noticed = 0;
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const bytes = whole.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      try {
        expect(bits(decodeSafetensors(bytes).tensors), `bit ${bit}`).toEqual(bits(small));
      } catch (error) {
        expect(error, `bit ${bit}`).toBeInstanceOf(InputError);
        noticed++;
      }
    }
    // What passes is a flip within the name of the digest's own entry: "carryover.sha256" has 128 bits.
    expect(8 * whole.length - noticed).toBeLessThanOrEqual(128);
  });

  test("in a file without a digest a flipped bit is an InputError or changes names, values or words only", () => {
    const data = Uint8Array.from({ length: 12 }, (_, i) => 17 * i);
    const header = {
      x: { dtype: "F32", shape: [1, 2], data_offsets: [0, 8] },
      y: { dtype: "I32", shape: [], data_offsets: [8, 12] },
    };
    const plain = file(header, data);
    const shapes = (bytes: Uint8Array) =>
      Object.values(decodeSafetensors(bytes).tensors)
        .map(({ dtype, shape }) => `${dtype} [${shape}]`)
        .toSorted();
    const before = shapes(plain);
    for (let bit = 0; bit < 8 * plain.length; bit++) {
      const bytes = plain.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      try {
        expect(shapes(bytes), `bit ${bit}`).toEqual(before);
      } catch (error) {
        expect(error, `bit ${bit}`).toBeInstanceOf(InputError);
      }
    }
  });

  test("any bytes whatever give an InputError or a file", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.string({ maxLength: 64 }), (bytes, header) => {
        for (const candidate of [bytes, file(header, bytes), file(`{${header}}`, bytes)]) {
          try {
            decodeSafetensors(candidate);
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  const one = { dtype: "F32", shape: [1], data_offsets: [0, 4] };
  const four = new Uint8Array(4);
  const cases: readonly [string, Uint8Array, RegExp][] = [
    ["an empty file", new Uint8Array(), /at least 8 bytes, got 0/],
    ["a header longer than the file", Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0), /header of at most 0 bytes, got 9/],
    ["a header of 2^63 bytes", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128, 1), /at most 1 bytes, got 9223372036854775808/],
    ["no JSON", file("{"), /got no JSON$/],
    ["a list", file("[]"), /got no JSON object/],
    ["white space before the header", file(" {}"), /got no JSON object/],
    ["broken UTF-8", Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff), /got no JSON/],
    [
      "a name twice",
      file(`{"x":${JSON.stringify(one)},"x":${JSON.stringify(one)}}`, four),
      /every name once, got 4 twice/,
    ],
    ["a key twice", file(`{"x":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, four), /got 1 twice/],
    ["a word twice", file(`{"__metadata__":{"a":"b","a":"b"}}`), /got 1 twice/],
    ["metadata that is no text", file({ __metadata__: { epoch: 3 } }), /an object of texts/],
    [
      "a foreign type",
      file({ x: { ...one, dtype: "F8_E4M3" } }, four),
      /"x": dtype: expected one of F32, I32, U8, BOOL, F64, F16, BF16, I64, I16, I8, got "F8_E4M3"/,
    ],
    ["an unknown key", file({ x: { ...one, note: "" } }, four), /expected dtype, shape and data_offsets/],
    ["a missing key", file({ x: { dtype: "F32", shape: [1] } }, four), /expected dtype, shape and data_offsets/],
    [
      "a fraction in a shape",
      file({ x: { ...one, shape: [1.5] } }, four),
      /shape: expected a list of whole numbers, got \[1.5\]/,
    ],
    ["a negative length", file({ x: { ...one, shape: [-1, -1] } }, four), /shape: expected/],
    ["a shape beyond the numbers", file({ x: { ...one, shape: [2 ** 52, 2 ** 52, 0.5] } }, four), /shape: expected/],
    ["a shape that overflows", file({ x: { ...one, shape: [2 ** 52, 2 ** 52] } }, four), /expected the bytes of/],
    ["one offset", file({ x: { ...one, data_offsets: [0] } }, four), /two whole numbers/],
    [
      "offsets that run backwards",
      file({ x: { ...one, data_offsets: [4, 0] } }, four),
      /expected the bytes of float32 \[1\]/,
    ],
    ["too few bytes for the shape", file({ x: { ...one, shape: [2] } }, four), /expected the bytes of float32 \[2\]/],
    [
      "a gap",
      file({ x: { ...one, data_offsets: [4, 8] } }, new Uint8Array(8)),
      /from 0 on, without gap or overlap, got 4/,
    ],
    ["an overlap", file({ x: one, y: one }, four), /from 4 on, without gap or overlap, got 0/],
    [
      "bytes that no tensor claims",
      file({ x: one }, new Uint8Array(5)),
      /expected 4 bytes of data as the header says, got 5/,
    ],
    [
      "a tensor beyond the end",
      file({ x: one }, new Uint8Array(3)),
      /expected 4 bytes of data as the header says, got 3/,
    ],
    [
      "a petabyte that is not there",
      file({ x: { dtype: "U8", shape: [2 ** 50], data_offsets: [0, 2 ** 50] } }),
      /got 0/,
    ],
    ["a boolean of 2", file({ x: { dtype: "BOOL", shape: [1], data_offsets: [0, 1] } }, Uint8Array.of(2)), /booleans/],
    ["a header nested a million deep", file(`{"x":${"[".repeat(1e6)}${"]".repeat(1e6)}}`), /"x"/],
    [
      "objects nested deep",
      file(`{"x":{"dtype":"F32","shape":[1],"data_offsets":${'{"a":'.repeat(1e5)}1${"}".repeat(1e5)}}}`),
      /"x"/,
    ],
  ];
  test.each(cases)("%s", (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, "model.safetensors")).toThrow(InputError);
    expect(() => decodeSafetensors(bytes, "model.safetensors")).toThrow(message);
    expect(() => decodeSafetensors(bytes, "model.safetensors")).toThrow(/^model\.safetensors: /);
  });
});
