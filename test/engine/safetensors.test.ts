import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diskError, float32, InputError, sizeOf, type Tensor, tensor } from "../../src/base/index.ts";
import { decodeSafetensors, encodeSafetensors, readSafetensors, writeSafetensors } from "../../src/engine/index.ts";

const small = {
  b: tensor("bool", [3], Uint8Array.of(1, 0, 1)),
  w: float32([2, 2], [1.5, -0, Number.NaN, 1e-45]),
  n: tensor("int32", [], Int32Array.of(-7)),
  none: tensor("uint8", [0, 2], new Uint8Array()),
};

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "safetensors-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A file from its two parts, as the format's description lays it out. */
function file(header: unknown, data: Uint8Array = new Uint8Array()): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

/** Bit for bit: NaN equals NaN, 0 differs from -0. */
function bits(tensors: Readonly<Record<string, Tensor>>): unknown {
  return Object.entries(tensors).map(([name, { dtype, shape, data }]) => [
    name,
    dtype,
    [...shape],
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex"),
  ]);
}

const names = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("__proto__", "constructor", "a.b", "1", ""));

const tensors: fc.Arbitrary<Tensor> = fc
  .tuple(
    fc.constantFrom("float32" as const, "int32" as const, "uint8" as const, "bool" as const),
    fc.array(fc.nat(3), { maxLength: 3 }),
    fc.infiniteStream(fc.integer()),
  )
  .map(([dtype, shape, stream]) => {
    const values = [...stream.take(sizeOf(shape))];
    if (dtype === "float32") return tensor(dtype, shape, new Float32Array(Int32Array.from(values).buffer));
    if (dtype === "int32") return tensor(dtype, shape, Int32Array.from(values));
    return tensor(
      dtype,
      shape,
      Uint8Array.from(values, (value) => (dtype === "bool" ? value & 1 : value)),
    );
  });

describe("encode and decode", () => {
  test("what goes in comes out, in its order, with its metadata", () => {
    const read = decodeSafetensors(encodeSafetensors(small, { format: "pt", 'a "word"': "é\n" }));
    expect(bits(read.tensors)).toEqual(bits(small));
    expect(read.metadata).toEqual({ format: "pt", 'a "word"': "é\n" });
  });

  test("any names, shapes, types and words", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(names, tensors), { maxLength: 5 }),
        fc.dictionary(names, fc.string({ unit: "binary" }), { maxKeys: 3 }),
        (entries, metadata) => {
          const record = Object.fromEntries(entries);
          const read = decodeSafetensors(encodeSafetensors(record, metadata));
          expect(bits(read.tensors)).toEqual(bits(record));
          expect(Object.entries(read.metadata)).toEqual(Object.entries(metadata));
        },
      ),
      { numRuns: 200 },
    );
  });

  test("the bytes are the format's: length, header padded to 8, four-byte types first, no gaps", () => {
    const bytes = encodeSafetensors(small);
    const length = new DataView(bytes.buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    delete header.__metadata__;
    expect(length % 8).toBe(0);
    expect(header).toEqual({
      b: { dtype: "BOOL", shape: [3], data_offsets: [20, 23] },
      w: { dtype: "F32", shape: [2, 2], data_offsets: [0, 16] },
      n: { dtype: "I32", shape: [], data_offsets: [16, 20] },
      none: { dtype: "U8", shape: [0, 2], data_offsets: [23, 23] },
    });
    expect([...bytes.subarray(8 + length)].slice(0, 4)).toEqual([0, 0, 0xc0, 0x3f]);
    expect(bytes.length).toBe(8 + length + 23);
  });

  test("a file of another writer: no digest, any order, white space, an unaligned start", () => {
    const data = Uint8Array.of(0, 0, 0, 64, 255, 0, 0, 128, 63);
    const header = `{"u": {"dtype":"U8","shape":[1],"data_offsets":[4,5]},
      "b":{"data_offsets":[5,9],"dtype":"F32","shape":[1,1]}, "a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} `;
    const read = decodeSafetensors(file(header, data));
    expect(read.tensors).toEqual({
      u: tensor("uint8", [1], Uint8Array.of(255)),
      b: float32([1, 1], [1]),
      a: float32([1], [2]),
    });
    expect(read.metadata).toEqual({});
  });

  test("no tensors at all", () => {
    expect(decodeSafetensors(encodeSafetensors({}))).toEqual({ tensors: {}, metadata: {} });
    expect(decodeSafetensors(file("{}"))).toEqual({ tensors: {}, metadata: {} });
  });

  test("tensors do not share memory with the file's bytes", () => {
    const bytes = encodeSafetensors(small);
    const read = decodeSafetensors(bytes);
    bytes.fill(255);
    expect(bits(read.tensors)).toEqual(bits(small));
  });

  test("what cannot be written is our mistake, not the user's", () => {
    expect(() => encodeSafetensors({ __metadata__: float32([], [1]) })).toThrow(/own names/);
    const lying = { dtype: "float32", shape: [3], data: new Float32Array(2) } as const;
    expect(() => encodeSafetensors({ x: lying })).toThrow('"x": 2 numbers for float32 [3]');
  });
});

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

describe("on disk", () => {
  test("writes and reads back, replaces whole, and leaves no other file", async () => {
    const path = join(folder, "new", "model.safetensors");
    await writeSafetensors(path, { x: float32([1], [1]) });
    await writeSafetensors(path, small, { epoch: "2" });
    const read = await readSafetensors(path);
    expect(bits(read.tensors)).toEqual(bits(small));
    expect(read.metadata).toEqual({ epoch: "2" });
    expect(await readdir(join(folder, "new"))).toEqual(["model.safetensors"]);
  });

  test("two writers at once leave one whole file", async () => {
    const path = join(folder, "race.safetensors");
    const versions = [1, 2, 3, 4].map((value) => ({ x: float32([1000], new Float32Array(1000).fill(value)) }));
    await Promise.all(versions.map((tensors) => writeSafetensors(path, tensors)));
    expect((await readSafetensors(path)).tensors.x?.shape).toEqual([1000]);
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("a missing file, a folder and a broken file are InputErrors that name the path", async () => {
    await expect(readSafetensors(join(folder, "absent"))).rejects.toThrow(
      /cannot read .*absent: there is no such file/,
    );
    await expect(readSafetensors(folder)).rejects.toThrow(InputError);
    const broken = join(folder, "broken.safetensors");
    await writeFile(broken, "<html>");
    await expect(readSafetensors(broken)).rejects.toThrow(`${broken}: expected a safetensors file`);
  });

  test("a place that cannot be written is an InputError that names the path, and nothing is left behind", async () => {
    const taken = join(folder, "taken");
    await mkdir(join(taken, "inside"), { recursive: true });
    await expect(writeSafetensors(taken, small)).rejects.toThrow(InputError);
    await expect(writeSafetensors(taken, small)).rejects.toThrow(`cannot write ${taken}: `);
    const underFile = join(folder, "race.safetensors", "model");
    await expect(writeSafetensors(underFile, small)).rejects.toThrow(InputError);
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test.skipIf(process.getuid?.() === 0 || process.platform === "win32")(
    "a folder closed to us: InputError, and the old file stays",
    async () => {
      const closed = join(folder, "closed");
      const path = join(closed, "model.safetensors");
      await writeSafetensors(path, small);
      const before = await readFile(path);
      await chmod(closed, 0o500);
      await expect(writeSafetensors(path, {})).rejects.toThrow(`cannot write ${path}: permission is denied`);
      await chmod(closed, 0o700);
      expect(await readFile(path)).toEqual(before);
    },
  );

  test.each(["ENOSPC", "EDQUOT", "EACCES", "EROFS"])("%s is the user's to mend", (code) => {
    const cause = Object.assign(new Error(code), { code });
    expect(diskError("write", "/data/model", cause)).toBeInstanceOf(InputError);
    expect(String(diskError("write", "/data/model", cause))).toContain("cannot write /data/model: ");
  });

  test("any other error stays what it is", () => {
    const bug = new TypeError("x is not a function");
    expect(diskError("write", "/data/model", bug)).toBe(bug);
  });
});
