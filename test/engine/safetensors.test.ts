import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diskError, float32, InputError, sizeOf, type Tensor, tensor } from "../../src/base/index.ts";
import { decodeSafetensors, encodeSafetensors, readSafetensors, writeSafetensors } from "../../src/engine/index.ts";
import { bits, file, small } from "./safetensors-files.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "safetensors-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

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
