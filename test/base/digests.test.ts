import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson, digestBytes, identity, type Json } from "../../src/base/index.ts";

describe("canonical JSON", () => {
  test("sorts keys by code unit, leaves out undefined and white space", () => {
    expect(canonicalJson({ b: 0.5, a: [1, null, "x"], c: undefined })).toBe('{"a":[1,null,"x"],"b":0.5}');
    expect(canonicalJson({ é: 1, z: 2, Z: 3 })).toBe('{"Z":3,"z":2,"é":1}');
  });

  test("says the same of two objects whatever the order of their keys, and JSON reads it back", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const turned = Object.fromEntries(Object.entries(object).toReversed());
        expect(canonicalJson(turned as Json)).toBe(canonicalJson(object as Json));
        expect(JSON.parse(canonicalJson(object as Json))).toEqual(JSON.parse(JSON.stringify(object)));
      }),
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("refuses %d, which JSON cannot say", (value) => {
    expect(() => canonicalJson([value])).toThrow("expected a finite number");
  });
});

test("an identity is the first 16 hex digits of the canonical text's SHA-256", () => {
  // printf '{"a":[1,null,"x"],"b":0.5}' | sha256sum: 54d8abf3df00c053...
  expect(identity({ b: 0.5, a: [1, null, "x"] })).toBe("54d8abf3df00c053");
});

test("bytes: SHA-256 of 'abc' (FIPS 180-2), in one part, in two, and seen through any view", () => {
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const bytes = Uint8Array.from([0, 97, 98, 99]);
  expect(digestBytes(bytes.subarray(1))).toBe(abc);
  expect(digestBytes(bytes.subarray(1, 2), bytes.subarray(2))).toBe(abc);
  const floats = Float32Array.from([1.5, -2]);
  expect(digestBytes(floats)).toBe(digestBytes(new Uint8Array(floats.buffer)));
});
