import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import {
  bytesOf,
  datasets,
  type Images,
  listDatasets,
  loadDataset,
  loadDefinition,
  verifyDataset,
  verifyDefinition,
} from "../../src/datasets/index.ts";
import { loopback, serving } from "./loopback.ts";
import { cifarRecords, idx, md5, newFolder, noise, put, tinyDefinition } from "./samples.ts";

/** A local folder with these files, and an empty cache; offline. */
function localFolder(files: Readonly<Record<string, Uint8Array>>) {
  const dir = newFolder();
  for (const [name, bytes] of Object.entries(files)) put(join(dir, name), bytes);
  return { dir, options: { dataDirs: [dir], cacheDir: newFolder(), offline: true } };
}

const cifarTrain = (folder: string) =>
  Object.fromEntries([1, 2, 3, 4, 5].map((i) => [`${folder}data_batch_${i}.bin`, cifarRecords(2 * i)]));

describe("subsets in a local folder", () => {
  test("of CIFAR-10 are read in the order of the files, wherever they lie, and told as local", async () => {
    for (const folder of ["", "cifar10/", "cifar-10-batches-bin/"]) {
      const { options } = localFolder(cifarTrain(folder));
      const loaded = await loadDataset("cifar10", "train", options);
      const { shape, labels, classes, provenance } = loaded;
      expect(shape).toEqual([30, 3, 32, 32]);
      expect([...labels.subarray(0, 8)]).toEqual([0, 1, 0, 1, 2, 3, 0, 1]);
      expect(bytesOf(loaded)[3 * 3072]).toBe(1);
      expect(classes[labels[1] ?? 0]).toBe("automobile");
      expect(provenance.official).toBe(false);
      expect(provenance.note).toContain(
        "local, not the official file: data_batch_1.bin (6146 of the official 30730000 bytes)",
      );
    }
  });

  test("of MNIST are read, packed or not, as 3 x 32 x 32", async () => {
    const images = idx([2, 28, 28], new Uint8Array(2 * 784).fill(200));
    const labels = idx([2], Uint8Array.of(4, 9));
    for (const pack of [
      (bytes: Uint8Array) => [bytes, ""] as const,
      (bytes: Uint8Array) => [gzipSync(bytes), ".gz"] as const,
    ]) {
      const [[imageFile, end], [labelFile]] = [pack(images), pack(labels)];
      const { options } = localFolder({
        [`MNIST/raw/t10k-images-idx3-ubyte${end}`]: imageFile,
        [`MNIST/raw/t10k-labels-idx1-ubyte${end}`]: labelFile,
      });
      const loaded = await loadDataset("mnist", "test", options);
      expect(loaded.shape).toEqual([2, 3, 32, 32]);
      expect([...loaded.labels]).toEqual([4, 9]);
      expect([bytesOf(loaded)[0], bytesOf(loaded)[2 * 32 + 2]]).toEqual([0, 200]);
      expect(loaded.provenance.official).toBe(false);
    }
  });

  test("of MNIST in the data folder itself are no Fashion-MNIST, whose files have their names", async () => {
    const { options } = localFolder({
      "t10k-images-idx3-ubyte": idx([1, 28, 28], new Uint8Array(784)),
      "t10k-labels-idx1-ubyte": idx([1], Uint8Array.of(4)),
    });
    expect([...(await loadDataset("mnist", "test", options)).labels]).toEqual([4]);
    await expect(loadDataset("fashion-mnist", "test", options)).rejects.toThrow(
      'fashion-mnist: expected t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, got none; tried: offline, so no other source was asked; files of your own belong in a folder "fashion-mnist"',
    );
  });

  test("have the same digest wherever they lie, and another one when a byte differs", async () => {
    const digestOf = async (files: Readonly<Record<string, Uint8Array>>) =>
      (await loadDataset("cifar10", "test", localFolder(files).options)).provenance.digest;
    const altered = cifarRecords(3).fill(99, 3000, 3001);
    expect(await digestOf({ "test_batch.bin": cifarRecords(3) })).toBe(
      await digestOf({ "cifar10/test_batch.bin": cifarRecords(3) }),
    );
    expect(await digestOf({ "test_batch.bin": altered })).not.toBe(
      await digestOf({ "test_batch.bin": cifarRecords(3) }),
    );
  });
});

describe("a wrong local file is an InputError that names it", () => {
  const failing = async (name: string, split: "train" | "test", files: Readonly<Record<string, Uint8Array>>) => {
    const { dir, options } = localFolder(files);
    const error = await loadDataset(name, split, options).catch((cause) => cause);
    expect(error.name).toBe("InputError");
    return { dir, message: String(error.message) };
  };

  test("truncated", async () => {
    const { dir, message } = await failing("cifar10", "test", { "test_batch.bin": cifarRecords(3).subarray(0, 9000) });
    expect(message).toBe(
      `${join(dir, "test_batch.bin")}: expected whole CIFAR-10 records of 3073 bytes, got 9000 bytes (truncated?)`,
    );
  });

  test("of the official size with one byte altered", async () => {
    const bytes = new Uint8Array(10_008);
    const { dir, message } = await failing("mnist", "test", {
      "t10k-labels-idx1-ubyte": bytes,
      "t10k-images-idx3-ubyte": idx([1, 28, 28], new Uint8Array(784)),
    });
    expect(message).toBe(
      `${join(dir, "t10k-labels-idx1-ubyte")}: altered or damaged: expected 10008 bytes of md5 ` +
        `27ae3e4e09519cfbb04c329615203637, got md5 ${md5(bytes)}`,
    );
  });

  test("packed and cut short", async () => {
    const { message } = await failing("mnist", "test", {
      "t10k-images-idx3-ubyte.gz": gzipSync(noise(5000)).subarray(0, -100),
      "t10k-labels-idx1-ubyte": idx([1], Uint8Array.of(1)),
    });
    expect(message).toMatch(/t10k-images-idx3-ubyte.gz: expected a readable gzip file, got: unexpected end of file$/);
  });

  test("labels that do not fit the images", async () => {
    const images = idx([2, 28, 28], new Uint8Array(2 * 784));
    const labelled = (labels: Uint8Array) =>
      failing("mnist", "test", { "t10k-images-idx3-ubyte": images, "t10k-labels-idx1-ubyte": labels });
    expect((await labelled(idx([3], new Uint8Array(3)))).message).toContain("expected 2 labels, one an image, got [3]");
    expect((await labelled(idx([2], Uint8Array.of(1, 10)))).message).toContain("label 1: expected 0-9, got 10");
  });

  test("a MATLAB file of another kind", async () => {
    const { message } = await failing("svhn", "train", { "svhn/train_32x32.mat": Buffer.from("MATLAB 7.3 MAT-file") });
    expect(message).toMatch(/svhn.train_32x32.mat: expected a MATLAB version 5 file, got version 7.3 \(HDF5\)/);
  });

  test("some of the files but not all", async () => {
    const { "data_batch_3.bin": _, ...four } = cifarTrain("");
    const { dir, message } = await failing("cifar10", "train", four);
    expect(message).toContain(`${dir} lacks data_batch_3.bin`);
  });
});

test("an unknown name lists the known ones and the nearest", async () => {
  await expect(loadDataset("cifar-10", "train", { dataDirs: [], cacheDir: newFolder() })).rejects.toThrow(
    `dataset: expected one of ${Object.keys(datasets).join(", ")}, got "cifar-10"; did you mean "cifar10"?`,
  );
});

test("a local folder that does not exist is told", async () => {
  const missing = join(newFolder(), "nothing");
  const loading = loadDataset("mnist", "train", { dataDirs: [missing], cacheDir: newFolder(), offline: true });
  await expect(loading).rejects.toThrow(`data folder: expected a folder, got ${missing}, which does not exist`);
});

/** The first of three channels of images of one pixel. */
const red = (images: Images) => bytesOf(images).filter((_, i) => i % 3 === 0);

describe("the cache", () => {
  const train = noise(5000);
  const held = noise(3000);
  const serve = () => loopback(serving({ "/train.bin": train, "/test.bin": held }));

  test("is filled by the first load and serves the next one offline", async () => {
    await using server = await serve();
    const options = { dataDirs: [], cacheDir: newFolder(), side: 1 };
    const tiny = tinyDefinition(train, held, [{ kind: "files", base: server.url }]);
    const first = await loadDefinition(tiny, "test", options);
    expect(first.provenance).toMatchObject({ official: true, note: "official files" });
    const again = await loadDefinition(tiny, "test", { ...options, offline: true });
    expect({ ...again, pixels: red(again) }).toEqual({ ...first, pixels: held });
    expect(server.requests).toEqual(["/test.bin -"]);
  });

  test("gives way to a local folder", async () => {
    const { options } = localFolder({ "tiny-official/test.bin": held });
    const loaded = await loadDefinition(tinyDefinition(train, held, []), "test", options);
    expect(loaded.provenance.official).toBe(true);
    expect(loaded.provenance.folder).toBe(join(options.dataDirs[0] ?? "", "tiny-official"));
  });

  test("has a damaged file replaced, or told when there is no source", async () => {
    await using server = await serve();
    const options = { dataDirs: [], cacheDir: newFolder() };
    const tiny = tinyDefinition(train, held, [{ kind: "files", base: server.url }]);
    await loadDefinition(tiny, "test", options);
    const path = join(options.cacheDir, "tiny", "test.bin");
    const damaged = Uint8Array.from(held).fill(0, 10, 20);
    writeFileSync(path, damaged);
    await expect(loadDefinition(tiny, "test", { ...options, offline: true })).rejects.toThrow(
      `${path}: altered or damaged: expected 3000 bytes of md5 ${md5(held)}, got md5 ${md5(damaged)}`,
    );
    expect(red(await loadDefinition(tiny, "test", { ...options, side: 1 }))).toEqual(held);
    expect(md5(readFileSync(path))).toBe(md5(held));
  });

  test("does not take a file of another size for the dataset", async () => {
    await using server = await serve();
    const options = { dataDirs: [], cacheDir: newFolder() };
    put(join(options.cacheDir, "tiny", "test.bin"), held.subarray(0, 100));
    const tiny = tinyDefinition(train, held, [{ kind: "files", base: server.url }]);
    expect((await loadDefinition(tiny, "test", options)).shape[0]).toBe(3000);
  });
});

describe("listing and verifying", () => {
  test("a list says for every dataset where its splits are", async () => {
    const { dir, options } = localFolder({ "cifar10/test_batch.bin": cifarRecords(1) });
    const list = await listDatasets(options);
    expect(list.map(({ name }) => name)).toEqual(Object.keys(datasets));
    expect(list.filter(({ fetched }) => !fetched).map(({ name }) => name)).toEqual(["usps", "imagenet"]);
    expect(list.find(({ name }) => name === "usps")?.bytes).toBe(2_913_522);
    expect(list.find(({ name }) => name === "cifar10")?.splits).toEqual([
      { split: "train", where: "absent" },
      { split: "test", where: "local", folder: join(dir, "cifar10"), officialSize: false },
    ]);
  });

  test("verifying tells official, local, damaged and absent apart", async () => {
    const tiny = tinyDefinition(noise(100), noise(50), []);
    const check = async (files: Readonly<Record<string, Uint8Array>>) =>
      (await verifyDefinition(tiny, localFolder(files).options)).map(({ state, images }) => [state, images]);
    expect(await check({ "train.bin": noise(100) })).toEqual([
      ["official", 100],
      ["absent", undefined],
    ]);
    expect(await check({ "train.bin": noise(99), "test.bin": new Uint8Array(50) })).toEqual([
      ["local", 99],
      ["damaged", undefined],
    ]);
  });

  test("verifying never throws for a damaged file, and says what is wrong", async () => {
    const { options } = localFolder({ "test_batch.bin": new Uint8Array(10) });
    const [train, test] = await verifyDataset("cifar10", options);
    expect(train?.note).toContain("data_batch_1.bin");
    expect(test).toMatchObject({ state: "damaged" });
    expect(test?.note).toContain("got 10 bytes (truncated?)");
  });
});
