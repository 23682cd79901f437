import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { readMatlab } from "../../src/datasets/read-matlab.ts";

/** scipy 1.10.1 savemat of X uint8 [2,3,2,2], y uint8, d float64, i int32, s text and z complex; then the same plain. */
const compressed = Buffer.from(
  "TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFN1biBOb3YgMjIgMTg6NDI6MzkgMjAyNgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0PAAAAQgAAAHic42NgYAgAYjYg5gBiTgYIYAViASBmAmJmKA3CjEAYAWVLgBSGyBRY9PAladW5zWKPVi63nyyaadjquxAAkXAIlA8AAAApAAAAeJzjY2BgMABiNiDmAGJOBghghfKZgJgRjBkZKsF8JgYuZgYGABjLAPIPAAAANAAAAHic42NgYAgAYjYg5oDSIMAK5TNBMSMQpgBpTiBWYICBH/YgssFfyBHCZzoAoQUcAHzDBH4PAAAALgAAAHic42NgYHAAYjYg5gBiHgYIYIXyGYGYGUwzMmRCxUFqJrz7958Vqg8EAF1zBHwPAAAAKAAAAHic42NgYDAAYjYg5gBiFgYIYIXyGaFijEBYDKQFgLyS1IoSAByNArEPAAAAKwAAAHic42NgYPAAYjYg5gDRIAIIWKF8RjhmZKgC0pxQcQj4YI/KZ3AAAE4hAo8=",
  "base64",
);
const plain = Buffer.from(
  "TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IFN1biBOb3YgMjIgMTg6NDI6MzkgMjAyNgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0OAAAAUAAAAAYAAAAIAAAACQAAAAAAAAAFAAAAEAAAAAIAAAADAAAAAgAAAAIAAAABAAEAWAAAAAIAAAAYAAAAAFQccDiMDmIqfkaaB1sjdz+TFWkxhU2hDgAAADAAAAAGAAAACAAAAAkAAAAAAAAABQAAAAgAAAACAAAAAQAAAAEAAQB5AAAAAgACAAoDAAAOAAAAUAAAAAYAAAAIAAAABgAAAAAAAAAFAAAACAAAAAIAAAACAAAAAQABAGQAAAAJAAAAIAAAAAAAAAAAAPg/AAAAAIBPEkEAAAAAAAACwAAAAAAAABBADgAAAEAAAAAGAAAACAAAAAwAAAAAAAAABQAAAAgAAAABAAAAAwAAAAEAAQBpAAAABQAAAAwAAACQ7v7/BQAAAAYAAAAAAAAADgAAADAAAAAGAAAACAAAAAQAAAAAAAAABQAAAAgAAAABAAAABAAAAAEAAQBzAAAAEAAEAHRleHQOAAAASAAAAAYAAAAIAAAABggAAAAAAAAFAAAACAAAAAEAAAABAAAAAQABAHoAAAAJAAAACAAAAAAAAAAAAPA/CQAAAAgAAAAAAAAAAAAAQA==",
  "base64",
);
const columnMajorX = [
  0, 84, 28, 112, 56, 140, 14, 98, 42, 126, 70, 154, 7, 91, 35, 119, 63, 147, 21, 105, 49, 133, 77, 161,
];

describe.each([
  ["compressed", compressed],
  ["plain", plain],
])("a %s file written by scipy", (_, bytes) => {
  const variables = readMatlab(bytes, "a.mat");

  test("gives uint8 arrays in column-major order", () => {
    expect(variables.get("X")?.shape).toEqual([2, 3, 2, 2]);
    expect(variables.get("X")?.data).toBeInstanceOf(Uint8Array);
    expect([...(variables.get("X")?.data ?? [])]).toEqual(columnMajorX);
  });

  test("gives data inside a small tag", () => {
    expect(variables.get("y")).toMatchObject({ shape: [2, 1] });
    expect([...(variables.get("y")?.data ?? [])]).toEqual([10, 3]);
  });

  test("gives other numbers as float64", () => {
    expect([...(variables.get("d")?.data ?? [])]).toEqual([1.5, 3e5, -2.25, 4]);
    expect([...(variables.get("i")?.data ?? [])]).toEqual([-70000, 5, 6]);
  });

  test("leaves out text and complex numbers", () => {
    expect([...variables.keys()]).toEqual(["X", "y", "d", "i"]);
  });
});

test("a big-endian file is read", () => {
  const header = Buffer.alloc(128);
  header.write("MATLAB 5.0 MAT-file");
  header.write("\x01\x00MI", 124, "latin1");
  const words = (...values: number[]) => {
    const out = Buffer.alloc(4 * values.length);
    values.forEach((value, i) => {
      out.writeUInt32BE(value, 4 * i);
    });
    return out;
  };
  // flags (class 7, single), dimensions [1, 2], the name "a" in a small tag, two float32
  const data = Buffer.alloc(8);
  data.writeFloatBE(0.5, 0);
  data.writeFloatBE(-3, 4);
  const body = Buffer.concat([
    words(6, 8, 7, 0),
    words(5, 8, 1, 2),
    Buffer.from([0, 1, 0, 1, 0x61, 0, 0, 0]),
    words(7, 8),
    data,
  ]);
  const variables = readMatlab(Buffer.concat([header, words(14, body.length), body]), "big.mat");
  expect(variables.get("a")?.shape).toEqual([1, 2]);
  expect([...(variables.get("a")?.data ?? [])]).toEqual([0.5, -3]);
});

describe("what is no whole version 5 file is an InputError that names the file", () => {
  test("version 7.3, by its text and by HDF5's signature", () => {
    const hdf5 = Buffer.alloc(600);
    hdf5.write("MATLAB 7.3 MAT-file, Platform: GLNXA64");
    expect(() => readMatlab(hdf5, "new.mat")).toThrow(/^new.mat: .*got version 7.3 \(HDF5\)/);
    const signature = Buffer.concat([Buffer.from("89484446", "hex"), Buffer.alloc(200)]);
    expect(() => readMatlab(signature, "new.mat")).toThrow(/version 7.3/);
  });

  test("version 4, written by scipy", () => {
    const bytes = Buffer.from("AAAAAAIAAAABAAAAAAAAAAIAAAB5AAAAAAAAACRAAAAAAAAACEA=", "base64");
    expect(() => readMatlab(bytes, "old.mat")).toThrow(/^old.mat: .*got version 4/);
  });

  test("another format", () => {
    expect(() => readMatlab(Buffer.from("<!doctype html><title>404</title>"), "x.mat")).toThrow(
      /x.mat: .*got 33 bytes that start "<!doctype html>/,
    );
    expect(() => readMatlab(new Uint8Array(), "x.mat")).toThrow(InputError);
  });

  test("any beginning of a file either ends between variables or is truncated", () => {
    for (const bytes of [compressed, plain])
      fc.assert(
        fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
          try {
            const variables = readMatlab(bytes.subarray(0, length), "cut.mat");
            expect(variables.size).toBeLessThanOrEqual(4);
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
            expect((error as Error).message).toContain("cut.mat: ");
          }
        }),
      );
  });

  test("any damaged byte is read as something else or is an InputError, never another error", () => {
    for (const bytes of [compressed, plain])
      fc.assert(
        fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, value) => {
          const damaged = Uint8Array.from(bytes);
          damaged[at] = value;
          try {
            readMatlab(damaged, "bad.mat");
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
          }
        }),
        { numRuns: 500 },
      );
  });
});
