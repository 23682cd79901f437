import { existsSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import hdf5 from "h5wasm/node";
import { describe, expect, test } from "vitest";
import {
  bytesOf,
  dataFolders,
  datasets,
  fetchDefinition,
  loadDataset,
  loadDefinition,
} from "../../src/datasets/index.ts";
import { loopback, serving } from "./loopback.ts";
import { idx, md5, newFolder, put } from "./samples.ts";

const offline = (dir: string, side = 32) => ({ dataDirs: [dir], cacheDir: newFolder(), offline: true, side });

const errorOf = (loading: Promise<unknown>) =>
  loading.then(
    () => "loaded",
    (cause) => `${cause.name}: ${cause.message}`,
  );

describe("STL-10", () => {
  const plane = 96 * 96;
  /** Two images; image i is 10 i + channel, but for one bright pixel at row 3, column 90. */
  const pixels = new Uint8Array(2 * 3 * plane);
  for (let i = 0; i < 2; i++)
    for (let channel = 0; channel < 3; channel++) {
      const from = (3 * i + channel) * plane;
      pixels.fill(10 * i + channel, from, from + plane);
      pixels[from + 90 * 96 + 3] = 255; // column by column
    }

  test("stands upright, and 1 is the first class", async () => {
    const dir = newFolder();
    put(join(dir, "stl10_binary/train_X.bin"), pixels);
    put(join(dir, "stl10_binary/train_y.bin"), Uint8Array.of(1, 10));
    const images = await loadDataset("stl10", "train", offline(dir, 96));
    expect([images.shape, [...images.labels]]).toEqual([
      [2, 3, 96, 96],
      [0, 9],
    ]);
    const bytes = bytesOf(images);
    expect([bytes[3 * 96 + 90], bytes[90 * 96 + 3], bytes[5 * plane], bytes[5 * plane + 3 * 96 + 90]]).toEqual([
      255, 0, 12, 255,
    ]);
    expect((await loadDataset("stl10", "train", offline(dir))).shape).toEqual([2, 3, 32, 32]);
  });

  test("cut short, or with a label too high, is told", async () => {
    const failing = (images: Uint8Array, labels: readonly number[]) => {
      const dir = newFolder();
      put(join(dir, "train_X.bin"), images);
      put(join(dir, "train_y.bin"), Uint8Array.from(labels));
      return errorOf(loadDataset("stl10", "train", offline(dir)));
    };
    expect(await failing(pixels.subarray(5), [1, 2])).toContain(
      "expected whole STL-10 images of 27648 bytes, got 55291",
    );
    expect(await failing(pixels, [1])).toContain("train_y.bin: expected 2 labels, one an image, got 1");
    expect(await failing(pixels, [1, 11])).toContain("train_y.bin: label 1: expected 1-10, got 11");
  });
});

describe("USPS", () => {
  async function written(parts: Readonly<Record<string, readonly [data: Float32Array, shape: number[]]>>) {
    await hdf5.ready;
    const dir = newFolder();
    const file = new hdf5.File(join(dir, "usps.h5"), "w");
    for (const name of ["train", "test"]) file.create_group(name);
    for (const [name, [data, shape]] of Object.entries(parts)) file.create_dataset({ name, data, shape, dtype: "<f4" });
    file.close();
    return dir;
  }

  test("is read from HDF5, 16 x 16 grey to three equal channels of 32 x 32", async () => {
    const data = new Float32Array(2 * 256).fill(0.2, 256);
    data[256 + 16 * 15] = 1;
    const dir = await written({
      "train/data": [data, [2, 256]],
      "train/target": [Float32Array.of(7, 3), [2]],
      "test/data": [data.subarray(256), [1, 256]],
      "test/target": [Float32Array.of(9), [1]],
    });
    const own = await loadDataset("usps", "train", offline(dir, 16));
    expect([own.shape, [...own.labels]]).toEqual([
      [2, 3, 16, 16],
      [7, 3],
    ]);
    const second = bytesOf(own).subarray(768);
    expect([second[0], second[240], second[256 + 240], second[512 + 241]]).toEqual([51, 255, 255, 51]);
    const held = await loadDataset("usps", "test", offline(dir));
    expect([held.shape, [...held.labels], bytesOf(held)[0]]).toEqual([[1, 3, 32, 32], [9], 51]);
  });

  test("of another shape, another range or another format is told", async () => {
    const failing = async (dir: string) => errorOf(loadDataset("usps", "train", offline(dir)));
    const labels = [Float32Array.of(1), [1]] as const;
    const with_ = (data: Float32Array, shape: number[]) =>
      written({ "train/data": [data, shape], "train/target": [Float32Array.from(labels[0]), [1]] });
    expect(await failing(await with_(new Float32Array(100), [1, 100]))).toContain(
      "usps.h5: train: expected data [n, 256] and target [n], got [1,100] and [1]",
    );
    expect(await failing(await with_(new Float32Array(256).fill(200), [1, 256]))).toContain(
      "train/data: expected values from 0 to 1, got 200",
    );
    expect(await failing(await written({}))).toContain("expected a numeric dataset train/data, got none");
    const dir = newFolder();
    put(join(dir, "usps.h5"), "a text");
    expect(await failing(dir)).toContain("usps.h5: expected an HDF5 file, got first bytes 612074657874");
  });

  const { dataDirs } = dataFolders();
  test.skipIf(!dataDirs.some((dir) => existsSync(join(dir, "usps.h5"))))(
    "as commonly distributed (skipped unless CARRYOVER_DATA has usps.h5); counts as Hastie, Tibshirani and Friedman state them",
    async () => {
      const counts = async (split: "train" | "test") => {
        const { labels, provenance } = await loadDataset("usps", split, {
          dataDirs,
          cacheDir: newFolder(),
          offline: true,
        });
        expect(provenance.official).toBe(true);
        return Array.from({ length: 10 }, (_, digit) => labels.filter((label) => label === digit).length);
      };
      expect(await counts("train")).toEqual([1194, 1005, 731, 658, 652, 556, 664, 645, 542, 644]);
      expect(await counts("test")).toEqual([359, 264, 198, 166, 200, 160, 170, 147, 166, 177]);
    },
  );
});

describe("Fashion-MNIST", () => {
  test("is read beside MNIST, whose files have the same names", async () => {
    const dir = newFolder();
    const write = (folder: string, level: number) => {
      put(join(dir, folder, "t10k-images-idx3-ubyte.gz"), gzipSync(idx([1, 28, 28], new Uint8Array(784).fill(level))));
      put(join(dir, folder, "t10k-labels-idx1-ubyte.gz"), gzipSync(idx([1], Uint8Array.of(9))));
    };
    write("MNIST/raw", 100);
    write("FashionMNIST/raw", 200);
    const load = async (name: string) => {
      const images = await loadDataset(name, "test", offline(dir));
      return [images.classes[images.labels[0] ?? 0], bytesOf(images)[16 * 32 + 16]];
    };
    expect([await load("fashion-mnist"), await load("mnist")]).toEqual([
      ["Ankle boot", 200],
      ["9", 100],
    ]);
  });

  test("is fetched as .gz, whose checksum is the one its authors state", async () => {
    const definition = datasets["fashion-mnist"];
    if (!definition || !("decode" in definition)) throw new Error("no definition");
    const contents: Record<string, Uint8Array> = {
      "t10k-images-idx3-ubyte": idx([2, 28, 28], new Uint8Array(1568).fill(3)),
      "t10k-labels-idx1-ubyte": idx([2], Uint8Array.of(0, 5)),
    };
    const packed = Object.fromEntries(
      Object.entries(contents).map(([name, bytes]) => [`/${name}.gz`, gzipSync(bytes)]),
    );
    await using server = await loopback(serving(packed));
    const files = definition.files
      .filter(({ split }) => split === "test")
      .map((file) => {
        const [bytes, gzip] = [contents[file.name] ?? new Uint8Array(), packed[`/${file.name}.gz`] ?? new Uint8Array()];
        return { ...file, bytes: bytes.length, md5: md5(bytes), gzip: { bytes: gzip.length, md5: md5(gzip) } };
      });
    const local = { ...definition, files, sources: [{ kind: "files" as const, base: server.url }] };
    const options = { dataDirs: [], cacheDir: newFolder() };
    await fetchDefinition(local, { ...options, splits: ["test"] });
    const images = await loadDefinition(local, "test", { ...options, offline: true });
    expect([images.provenance.official, [...images.labels]]).toEqual([true, [0, 5]]);
  });
});
