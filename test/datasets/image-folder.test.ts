import { chmodSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bytesOf, type Dataset, loadDataset, loadImageFolder } from "../../src/datasets/index.ts";
import { zip } from "./archive-files.ts";
import { cmykJpeg, greyJpeg, jpeg, noisyJpeg, png, webp } from "./picture-files.ts";
import { newFolder, put } from "./samples.ts";

function folderOf(files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = newFolder();
  for (const [name, bytes] of Object.entries(files)) put(join(folder, name), bytes);
  return folder;
}

/** `count` PNGs of a class, each of another level of grey. */
const pngs = (prefix: string, count: number, level = 0) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`${prefix}/${i}.png`, png([level + i, level + i, level + i])]),
  );

/** The mean of each channel of each image. */
const colours = (images: Dataset) => {
  const [n, , height, width] = images.shape;
  const bytes = bytesOf(images);
  const area = height * width;
  return Array.from({ length: n }, (_, i) =>
    [0, 1, 2].map((channel) => {
      const from = (3 * i + channel) * area;
      return Math.round(bytes.subarray(from, from + area).reduce((sum, value) => sum + value, 0) / area);
    }),
  );
};

const errorOf = (loading: Promise<unknown>) =>
  loading.then(
    () => "loaded",
    (cause) => `${cause.name}: ${cause.message}`,
  );

test("a folder with train and val is read by class, whatever the format, the size and the colours", async () => {
  const folder = folderOf({
    "train/dog/1.jpg": jpeg([200, 100, 50], 20, 9),
    "train/dog/2.WEBP": webp([10, 200, 30], 8, 8),
    "train/dog/deeper/3.png": png([1, 2, 3], 5, 40),
    "train/cat/1.jpeg": greyJpeg(90, 100, 100),
    "train/cat/2.jpg": cmykJpeg,
    "val/dog/1.png": png([255, 0, 0]),
    "val/cat/1.png": png([0, 255, 0]),
  });
  const options = { cacheDir: newFolder(), side: 6, threads: 2 };
  const train = await loadImageFolder(folder, "train", options);
  expect([train.shape, train.classes]).toEqual([
    [5, 3, 6, 6],
    ["cat", "dog"],
  ]);
  expect([...train.labels]).toEqual([0, 0, 1, 1, 1]);
  const expected = [
    [90, 90, 90],
    [220, 30, 40],
    [200, 100, 50],
    [10, 200, 30],
    [1, 2, 3],
  ];
  // JPEG and WebP lose a little; CMYK is turned to RGB without a colour profile, so it is off by more.
  const slack = [2, 40, 4, 4, 0];
  for (const [i, colour] of colours(train).entries())
    for (const [channel, value] of colour.entries())
      expect(Math.abs(value - (expected[i]?.[channel] ?? 0))).toBeLessThanOrEqual(slack[i] ?? 0);
  const test = await loadImageFolder(folder, "test", options);
  expect(colours(test)).toEqual([
    [0, 255, 0],
    [255, 0, 0],
  ]);
  expect((await loadImageFolder(folder, "test", { cacheDir: newFolder(), threads: 2 })).shape).toEqual([2, 3, 32, 32]);
});

test("without splits a fifth of each class is the test split, always the same", async () => {
  const folder = folderOf({ ...pngs("a", 10), ...pngs("b", 4, 100) });
  const load = (split: "train" | "test", cacheDir = newFolder()) =>
    loadImageFolder(folder, split, { cacheDir, side: 4 });
  const [train, held, again] = [await load("train"), await load("test"), await load("test")];
  const levels = (images: Dataset) => colours(images).map(([red]) => red);
  expect([train.shape[0], held.shape[0]]).toEqual([11, 3]);
  expect([...held.labels]).toEqual([0, 0, 1]);
  expect(levels(again)).toEqual(levels(held));
  const all = [...Array(10).keys(), ...Array.from({ length: 4 }, (_, i) => 100 + i)];
  expect([...levels(train), ...levels(held)].sort((a, b) => (a ?? 0) - (b ?? 0))).toEqual(all);
});

describe("the decoded cache", () => {
  const loads = (folder: string, cacheDir: string, side = 4) => {
    let decoded = 0;
    const onProgress = ({ bytes }: { bytes: number }) => {
      decoded = bytes;
    };
    return loadImageFolder(folder, "train", { cacheDir, side, onProgress }).then((images) => ({ images, decoded }));
  };

  test("is made once for a folder and a size, and anew when an image changes", async () => {
    const folder = folderOf({ ...pngs("a", 5), ...pngs("b", 5, 50) });
    const cacheDir = newFolder();
    const first = await loads(folder, cacheDir);
    expect(first.decoded).toBe(10);
    const again = await loads(folder, cacheDir);
    expect(again.decoded).toBe(0);
    expect(bytesOf(again.images)).toEqual(bytesOf(first.images));
    expect(again.images.provenance.digest).toBe(first.images.provenance.digest);
    expect((await loads(folder, cacheDir, 5)).decoded).toBe(10);
    put(join(folder, "a/0.png"), png([240, 240, 240]));
    const changed = await loads(folder, cacheDir);
    expect(changed.decoded).toBe(10);
    expect(changed.images.provenance.digest).not.toBe(first.images.provenance.digest);
    utimesSync(join(folder, "a/0.png"), 1, 1);
    const touched = await loads(folder, cacheDir);
    expect([touched.decoded, touched.images.provenance.digest]).toEqual([10, changed.images.provenance.digest]);
  });

  test("that was cut short is made anew", async () => {
    const folder = folderOf({ ...pngs("a", 5), ...pngs("b", 5, 50) });
    const cacheDir = newFolder();
    await loads(folder, cacheDir);
    const [pixels = ""] = readdirSync(join(cacheDir, "decoded")).filter((name) => name.endsWith(".u8"));
    rmSync(join(cacheDir, "decoded", pixels));
    put(join(cacheDir, "decoded", pixels), new Uint8Array(100));
    expect((await loads(folder, cacheDir)).decoded).toBe(10);
  });
});

describe("images that cannot be decoded", () => {
  const whole = noisyJpeg();
  const folder = folderOf({
    ...pngs("a", 4),
    ...pngs("b", 4, 100),
    "a/cut.jpg": whole.subarray(0, whole.length / 2),
    "a/cut.png": png([1, 2, 3], 60, 60).subarray(0, 60),
    "b/text.jpg": "no picture",
    "b/nothing.webp": "",
    "b/fine.jpg": whole,
  });

  test("are counted and named", async () => {
    const message = await errorOf(loadImageFolder(folder, "train", { cacheDir: newFolder() }));
    expect(message).toContain(`InputError: ${folder}: expected images that can be decoded, got 4 of 13 that cannot: `);
    expect(message).toContain("a/cut.jpg (JPEG cut short: it has no end marker), a/cut.png (damaged PNG: ");
    expect(message).toContain("b/nothing.webp (expected a JPEG, PNG or WebP image, got an empty file)");
    expect(message).toContain("b/text.jpg (expected a JPEG, PNG or WebP image, got first bytes 6e 6f 20 70)");
    expect(message).toContain("; --skip-corrupt leaves them out");
  });

  test("are left out when that is asked, and told", async () => {
    const options = { cacheDir: newFolder(), side: 4, skipCorrupt: true };
    const [train, held] = [
      await loadImageFolder(folder, "train", options),
      await loadImageFolder(folder, "test", options),
    ];
    expect([train.shape[0], held.shape[0]]).toEqual([7, 2]);
    expect(train.provenance.note).toContain("left out as damaged: a/cut.jpg (JPEG cut short");
    // What is cached is as strict as it was.
    expect(await errorOf(loadImageFolder(folder, "train", { ...options, skipCorrupt: false }))).toContain(
      "got 4 of 13",
    );
  });
});

describe("an image that cannot be read", () => {
  const told = (folder: string, cacheDir: string) =>
    errorOf(loadDataset("list", "train", { dataDirs: [folder], cacheDir, skipCorrupt: true, side: 4 }));
  const csv = ["a", "b"].flatMap((name) => [0, 1, 2].map((i) => `${name}/${i}.png,${name},train`)).join("\n");
  const files: Record<string, Uint8Array | string> = {
    ...pngs("a", 3),
    ...pngs("b", 3, 100),
    "list.csv": `path,label,split\n${csv}`,
  };

  test("ends the load, also where damaged ones are left out, and nothing of it is kept", async () => {
    const { "b/1.png": _, ...others } = files;
    const folder = folderOf({ ...others, "b/1.png/deep.txt": "a folder in the way" });
    const cacheDir = newFolder();
    expect(await told(folder, cacheDir)).toBe(
      `InputError: cannot read ${join(folder, "b/1.png")}: a folder of that name is in the way (EISDIR)`,
    );
    expect(readdirSync(join(cacheDir, "decoded"))).toEqual([]);
  });

  // Root may read everything.
  test.skipIf(process.getuid?.() === 0)("is read once that is allowed", async () => {
    const folder = folderOf(files);
    const cacheDir = newFolder();
    chmodSync(join(folder, "b/1.png"), 0);
    expect(await told(folder, cacheDir)).toContain("permission is denied (EACCES)");
    chmodSync(join(folder, "b/1.png"), 0o644);
    expect(await told(folder, cacheDir)).toBe("loaded");
  });

  test("a member of a zip that cannot be unpacked is a damaged image", async () => {
    const whole = zip({
      "t/wnids.txt": "n1\nn2\n",
      "t/train/n1/images/n1_0.JPEG": jpeg([50, 0, 0]),
      "t/train/n1/images/n1_1.JPEG": jpeg([60, 0, 0]),
      "t/train/n2/images/n2_0.JPEG": jpeg([70, 0, 0]),
      "t/val/images/val_0.JPEG": jpeg([80, 0, 0]),
      "t/val/val_annotations.txt": "val_0.JPEG\tn1\t0\t0\t9\t9\n",
    });
    const at = whole.indexOf("t/train/n1/images/n1_0.JPEG") + "t/train/n1/images/n1_0.JPEG".length + 3;
    // A block of a kind that deflate does not have.
    whole[at] = 0x07;
    const folder = newFolder();
    put(join(folder, "tiny-imagenet-200.zip"), whole);
    const options = { dataDirs: [folder], cacheDir: newFolder(), side: 4 };
    expect(await errorOf(loadDataset("tiny-imagenet", "train", options))).toContain(
      "got 1 of 3 that cannot: t/train/n1/images/n1_0.JPEG (invalid block type)",
    );
    expect((await loadDataset("tiny-imagenet", "train", { ...options, skipCorrupt: true })).shape[0]).toBe(2);
  });
});

describe("a folder that is none of these is told", () => {
  const failing = (files: Readonly<Record<string, Uint8Array | string>>, options: { skipCorrupt?: boolean } = {}) => {
    const folder = folderOf(files);
    return errorOf(loadImageFolder(folder, "train", { cacheDir: newFolder(), ...options })).then((message) =>
      message.replace(folder, "FOLDER"),
    );
  };

  test.each([
    ["empty", {}, "FOLDER: expected a subfolder for each of two or more classes, got none"],
    ["one class", pngs("a", 3), "FOLDER: expected a subfolder for each of two or more classes, got a"],
    ["images without classes", { "1.png": png([1, 2, 3]) }, "got none and 1 images beside"],
    [
      "images beside classes",
      { ...pngs("a", 2), ...pngs("b", 2), "1.png": png([1, 2, 3]) },
      "FOLDER: expected images in the subfolders of classes, got 1 beside them",
    ],
    [
      "a class without images",
      { ...pngs("a", 2), ...pngs("b", 2), "c/readme.txt": "" },
      "FOLDER: expected images (.jpg, .jpeg, .png, .webp) in each class, got none in c",
    ],
    [
      "one image in a class",
      { ...pngs("a", 2), ...pngs("b", 1) },
      "FOLDER: expected at least 2 images of each class, one to train with and one to test, got 1 of b",
    ],
    [
      "train alone",
      pngs("train/a", 2),
      "expected train and test (or val) beside each other, or only classes, got train",
    ],
    [
      "other classes on the two sides",
      { ...pngs("train/a", 2), ...pngs("train/b", 2), ...pngs("test/a", 2), ...pngs("test/c", 2) },
      "FOLDER: expected the same classes in train and test, got only in train: b; only in test: c",
    ],
  ])("%s", async (_name, files, message) => {
    expect(await failing(files)).toContain(`InputError: `);
    expect(await failing(files)).toContain(message);
  });

  test("a class of nothing but damaged images, also when these are left out", async () => {
    const files = { ...pngs("a", 2), "b/1.png": "x", "b/2.png": "y" };
    expect(await failing(files, { skipCorrupt: true })).toContain(
      "FOLDER: expected images of each class, got none of b",
    );
  });

  test("a folder that is not there", async () => {
    const missing = join(newFolder(), "nothing");
    expect(await errorOf(loadImageFolder(missing, "train", { cacheDir: newFolder() }))).toBe(
      `InputError: ${missing}: expected a folder of images, got nothing of that name`,
    );
  });
});
