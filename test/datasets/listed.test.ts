import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readMember } from "../../src/datasets/image-files/members.ts";
import { tarMembers } from "../../src/datasets/image-files/tar-members.ts";
import {
  bytesOf,
  type Dataset,
  type DatasetDefinition,
  datasets,
  loadDataset,
  loadDefinition,
  verifyDataset,
  verifyDefinition,
} from "../../src/datasets/index.ts";
import { readMatlabStructs } from "../../src/datasets/read-matlab.ts";
import { tar, zip } from "./archive-files.ts";
import { jpeg } from "./picture-files.ts";
import { md5, newFolder, put } from "./samples.ts";

type Files = Record<string, Uint8Array | string>;

const writeAll = (folder: string, files: Files) => {
  for (const [name, bytes] of Object.entries(files)) put(join(folder, name), bytes);
};

const offline = (dir: string) => ({ dataDirs: [dir], cacheDir: newFolder(), offline: true, side: 4, threads: 1 });

/** The red of each image, to the nearest ten. */
const reds = (images: Dataset) => {
  const bytes = bytesOf(images);
  return Array.from({ length: images.shape[0] }, (_, i) => 10 * Math.round((bytes[i * 48] ?? 0) / 10));
};

const picture = (red: number) => jpeg([red, 0, 0], 8, 8);

const errorOf = (loading: Promise<unknown>) =>
  loading.then(
    () => "loaded",
    (cause) => `${cause.name}: ${cause.message}`,
  );

describe("Tiny-ImageNet", () => {
  const files: Files = {
    "tiny-imagenet-200/wnids.txt": "n02\nn01\n",
    "tiny-imagenet-200/train/n02/n02_boxes.txt": "n02_0.JPEG\t0\t0\t62\t44\n",
    "tiny-imagenet-200/train/n02/images/n02_0.JPEG": picture(100),
    "tiny-imagenet-200/train/n01/images/n01_0.JPEG": picture(50),
    "tiny-imagenet-200/train/n01/images/n01_1.JPEG": picture(60),
    "tiny-imagenet-200/val/images/val_1.JPEG": picture(210),
    "tiny-imagenet-200/val/images/val_0.JPEG": picture(200),
    "tiny-imagenet-200/val/val_annotations.txt": "val_0.JPEG\tn02\t0\t0\t9\t9\nval_1.JPEG\tn01\t0\t0\t9\t9\n",
    "tiny-imagenet-200/test/images/test_0.JPEG": picture(0),
  };

  const forms: readonly (readonly [string, (dir: string) => Promise<void> | void])[] = [
    ["unpacked", (dir) => writeAll(dir, files)],
    ["as the zip", (dir) => void put(join(dir, "tiny-imagenet-200.zip"), zip(files))],
    ["as a zip that is stored", (dir) => void put(join(dir, "tiny-imagenet/tiny-imagenet-200.zip"), zip(files, 0))],
    ["as a .tar", async (dir) => void put(join(dir, "tiny-imagenet-200.tar"), await tar(files))],
    [
      "as a .tar.gz of a subset",
      async (dir) => void put(join(dir, "tiny-imagenet/tiny-imagenet-200-subset.tar.gz"), gzipSync(await tar(files))),
    ],
  ];

  test.each(forms)("is read %s: train by folder, val by its annotations", async (_, write) => {
    const dir = newFolder();
    await write(dir);
    const options = offline(dir);
    const train = await loadDataset("tiny-imagenet", "train", options);
    expect([train.shape, train.classes, [...train.labels], reds(train)]).toEqual([
      [3, 3, 4, 4],
      ["n01", "n02"],
      [0, 0, 1],
      [50, 60, 100],
    ]);
    const val = await loadDataset("tiny-imagenet", "test", options);
    expect([[...val.labels], reds(val)]).toEqual([
      [1, 0],
      [200, 210],
    ]);
    expect(train.provenance).toMatchObject({ official: false, note: "local, not the official files" });
  });

  const without = (name: string) => Object.fromEntries(Object.entries(files).filter(([each]) => !each.endsWith(name)));

  test.each([
    [without("val_annotations.txt"), "and val/val_annotations.txt, got 2 classes and no annotations"],
    [without("val_1.JPEG"), "expected the images that val_annotations.txt names, got no val_1.JPEG"],
    [
      { ...files, "tiny-imagenet-200/val/images/val_2.JPEG": picture(1) },
      "val/images/val_2.JPEG: expected a class that train has, got no annotation",
    ],
    [
      { ...files, "tiny-imagenet-200/val/val_annotations.txt": "val_0.JPEG\tn09\nval_1.JPEG\tn01" },
      "expected a class that train has, got n09",
    ],
  ])("is told when incomplete (%#)", async (some, message) => {
    const dir = newFolder();
    put(join(dir, "tiny-imagenet-200.zip"), zip(some));
    expect(await errorOf(loadDataset("tiny-imagenet", "train", offline(dir)))).toContain(message);
  });

  test("is told when absent, and by a check of what is there", async () => {
    const dir = newFolder();
    expect(await errorOf(loadDataset("tiny-imagenet", "train", offline(dir)))).toContain(
      "InputError: tiny-imagenet: expected tiny-imagenet-200.zip, got none; tried: offline",
    );
    expect((await verifyDataset("tiny-imagenet", offline(dir))).map(({ state }) => state)).toEqual([
      "absent",
      "absent",
    ]);
    put(join(dir, "tiny-imagenet-200.zip"), zip(files));
    expect((await verifyDataset("tiny-imagenet", offline(dir))).map(({ state, images }) => [state, images])).toEqual([
      ["local", 3],
      ["local", 2],
    ]);
  });

  test("is called official by its checksum alone: in the cache, where it was compared, or by a check", async () => {
    const bytes = zip(files);
    const archive = { name: "tiny-imagenet-200.zip", split: "train" as const, bytes: bytes.length, md5: md5(bytes) };
    const official = { ...(datasets["tiny-imagenet"] as DatasetDefinition), files: [archive] };
    const dir = newFolder();
    put(join(dir, archive.name), bytes);
    const said = async (definition: DatasetDefinition, options: ReturnType<typeof offline>) =>
      (await loadDefinition(definition, "test", options)).provenance;
    expect(await said(official, offline(dir))).toMatchObject({
      official: false,
      note: "local, tiny-imagenet-200.zip of the official name and size, its checksum not compared",
    });
    const cached = { ...offline(dir), dataDirs: [] };
    put(join(cached.cacheDir, "tiny-imagenet", archive.name), bytes);
    expect(await said(official, cached)).toMatchObject({ official: true, note: "official files" });
    const states = async (definition: DatasetDefinition) =>
      (await verifyDefinition(definition, offline(dir))).map(({ state, note }) => [state, note]);
    expect(await states(official)).toEqual([
      ["official", "official files"],
      ["official", "official files"],
    ]);
    const wrong = `${join(dir, archive.name)}: expected md5 ${"0".repeat(32)}, got ${archive.md5}`;
    expect(await states({ ...official, files: [{ ...archive, md5: "0".repeat(32) }] })).toEqual([
      ["damaged", wrong],
      ["damaged", wrong],
    ]);
    // A part of it that is found first is not made official by the whole beside it.
    put(join(dir, "tiny-imagenet-200-part.zip"), zip(files, 0));
    expect((await states(official)).map(([state]) => state)).toEqual(["local", "local"]);
  });

  test("a damaged archive is named", async () => {
    const failing = async (name: string, bytes: Uint8Array) => {
      const dir = newFolder();
      put(join(dir, name), bytes);
      return errorOf(loadDataset("tiny-imagenet", "train", offline(dir)));
    };
    const whole = await tar(files);
    expect(await failing("tiny-imagenet-200.zip", zip(files).subarray(0, 2000))).toContain("expected a zip file, got");
    expect(await failing("tiny-imagenet-200.zip", zip(files, 12))).toContain(
      "a stored or deflated file, got method 12",
    );
    expect(await failing("tiny-imagenet-200.tar", whole.subarray(0, 2700))).toContain("cut short: expected ");
    expect(await failing("tiny-imagenet-200.tar", Buffer.alloc(1024, 7))).toContain("expected a tar file, got another");
    expect(await failing("tiny-imagenet-200.tar.gz", gzipSync(whole).subarray(0, 500))).toContain(
      "expected a readable gzip file, got: unexpected end of file",
    );
  });
});

describe("tars", () => {
  test("with long names, as tar-stream and as GNU tar write them in each of its formats", async () => {
    const long = `${"folder-of-a-long-name/".repeat(12)}été.txt`;
    const folder = newFolder();
    put(join(folder, "in", long), "long");
    put(join(folder, "in/short.txt"), "short");
    const byStream = put(join(folder, "stream.tar"), await tar({ [long]: "long", "short.txt": "short" }));
    const archives = [byStream];
    if (process.platform === "linux")
      for (const format of ["gnu", "pax", "ustar"]) {
        const path = join(folder, `${format}.tar`);
        // ustar has no name for the long one.
        const names = format === "ustar" ? ["short.txt"] : [long, "short.txt"];
        execFileSync("tar", ["-C", join(folder, "in"), `--format=${format}`, "-cf", path, ...names]);
        archives.push(path);
      }
    for (const path of archives) {
      const found = new Map(
        (await tarMembers(path)).map((member) => [member.name, Buffer.from(readMember(member)).toString()]),
      );
      const expected = { [long]: "long", "short.txt": "short" };
      expect(Object.fromEntries(found)).toEqual(path.endsWith("ustar.tar") ? { "short.txt": "short" } : expected);
    }
  });
});

describe("ImageNet", () => {
  const train = {
    "n01440764/n01440764_10.JPEG": picture(10),
    "n01440764/n01440764_20.JPEG": picture(20),
    "n01443537/n01443537_5.JPEG": picture(90),
  };
  const val = { "ILSVRC2012_val_00000001.JPEG": picture(200), "ILSVRC2012_val_00000002.JPEG": picture(240) };
  const expected = {
    train: [
      [0, 0, 1],
      [10, 20, 90],
    ],
    test: [
      [1, 0],
      [200, 240],
    ],
  };

  async function officialTars(dir: string) {
    const inner = await Promise.all(
      ["n01443537", "n01440764"].map(async (wnid) => {
        const own = Object.entries(train).filter(([name]) => name.startsWith(wnid));
        return [
          `${wnid}.tar`,
          await tar(Object.fromEntries(own.map(([name, bytes]) => [name.slice(10), bytes]))),
        ] as const;
      }),
    );
    put(join(dir, "ILSVRC2012_img_train.tar"), await tar(Object.fromEntries(inner)));
    put(join(dir, "ILSVRC2012_img_val.tar"), await tar(val));
  }

  const solution =
    "ImageId,PredictionString\nILSVRC2012_val_00000002,n01440764 1 2 3 4\nILSVRC2012_val_00000001,n01443537 5 6 7 8 n01443537 1 2 3 4\n";
  const synsets = "n01443537\nn01440764\n";
  const below = (folder: string, files: Files): Files =>
    Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]));

  /** By scipy's savemat: synsets of ILSVRC2012_ID 1 to 3 with WNID n01443537, n01440764, n00000003, and fields more. */
  const metaMat = Buffer.from(
    "TUFUTEFCIDUuMCBNQVQtZmlsZSBQbGF0Zm9ybTogcG9zaXgsIENyZWF0ZWQgb246IE1vbiBOb3YgMjMgMDE6MzE6NTcgMjAyNgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSU0PAAAAMQAAAHic42NgYIgAYjYg5oDSIMAK5TNBMSNULL8kI7UISHMCsQIDDHywZ8AKPtgDALo/BTsPAAAADAEAAHic42NgYIhgYWBgA9IcQMzEAAGsUD4zEDNCMTsQF1fmFaeWFAPlWRgEoeKhQOzpExwW5GxkYGgU7+kCMiDcD0LDQXl+UUoxskByRmZOSlFqHlwgrzQ3vqQoMTMvPjM3MT0VrJgPiC0YEO5jQ3MfIxIGAU6oOAR8sAfpd0DSz4JFPyeSfgEoP8/A0MTE2NTYHCpOjDm8aObwA3F6fk5KWmZxho7C4ZUlh1eCzTHA4x8YQPYPxeEQMMUB3V5uAvpZgCmBiUh/4ww/A3MzExzux2YOK5o5IH5Jal5yBlT/UAk3ZorCDQKMkdxvQMAcFhRzWBhA6Q3dfmz+ZkLztwA8FD/YQxkOlIYfAJMbMww=",
    "base64",
  );
  const devkit: Files = {
    "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt": "1\n2\n",
    "ILSVRC2012_devkit_t12/data/meta.mat": metaMat,
  };

  test("a devkit's meta.mat is read with its text, numbers and lists", () => {
    const [first, , third] = readMatlabStructs(metaMat, "meta.mat", "synsets") ?? [];
    expect(first).toEqual({
      ILSVRC2012_ID: [1],
      WNID: "n01443537",
      words: "goldfish, été",
      children: [],
      num_train_images: [1300],
    });
    expect(third?.children).toEqual([1, 2]);
    expect(readMatlabStructs(metaMat, "meta.mat", "other")).toBeUndefined();
  });

  const forms: readonly (readonly [string, (dir: string) => Promise<void> | void])[] = [
    [
      "as the official tars with the devkit",
      async (dir) => {
        await officialTars(dir);
        put(join(dir, "ILSVRC2012_devkit_t12.tar.gz"), gzipSync(await tar(devkit)));
      },
    ],
    [
      "as tars with the devkit unpacked",
      async (dir) => {
        await officialTars(dir);
        writeAll(dir, devkit);
      },
    ],
    [
      "as the official tars with a list of val's classes",
      async (dir) => {
        await officialTars(join(dir, "imagenet"));
        put(join(dir, "imagenet/imagenet_2012_validation_synset_labels.txt"), synsets);
      },
    ],
    [
      "as Kaggle unpacks it",
      (dir) => {
        writeAll(dir, below("ILSVRC/Data/CLS-LOC/train", train));
        writeAll(dir, below("ILSVRC/Data/CLS-LOC/val", val));
        put(join(dir, "LOC_val_solution.csv"), solution);
      },
    ],
    [
      "as folders of classes",
      (dir) => {
        writeAll(dir, below("imagenet/train", train));
        writeAll(dir, below("imagenet/val/n01443537", { "1.JPEG": picture(200) }));
        writeAll(dir, below("imagenet/val/n01440764", { "2.JPEG": picture(240) }));
      },
    ],
  ];

  test.each(forms)("is read %s", async (name, write) => {
    const dir = newFolder();
    await write(dir);
    for (const split of ["train", "test"] as const) {
      const images = await loadDataset("imagenet", split, offline(dir));
      const found = Array.from(images.labels, (label, i) => [label, reds(images)[i]]);
      const [labels = [], colours = []] = expected[split];
      const wanted = labels.map((label, i) => [label, colours[i]]);
      // Folders of classes are in their own order.
      expect(name === "as folders of classes" ? found.sort() : found).toEqual(
        name === "as folders of classes" ? wanted.sort() : wanted,
      );
      expect(images.classes).toEqual(["n01440764", "n01443537"]);
    }
  });

  test("is checked split by split, each by its own tar", async () => {
    const dir = newFolder();
    await officialTars(dir);
    put(join(dir, "imagenet_2012_validation_synset_labels.txt"), synsets);
    const archives = (["train", "val"] as const).map((name) => {
      const bytes = readFileSync(join(dir, `ILSVRC2012_img_${name}.tar`));
      const split = name === "val" ? ("test" as const) : name;
      return { name: `ILSVRC2012_img_${name}.tar`, split, bytes: bytes.length, md5: md5(bytes) };
    });
    const official = { ...(datasets.imagenet as DatasetDefinition), files: archives };
    const states = async () => (await verifyDefinition(official, offline(dir))).map(({ state }) => state);
    expect(await states()).toEqual(["official", "official"]);
    // Tars end in blocks of zeros, which nobody looks at but the checksum.
    const path = join(dir, "ILSVRC2012_img_val.tar");
    const altered = readFileSync(path);
    altered[altered.length - 1] = 1;
    writeFileSync(path, altered);
    expect(await states()).toEqual(["official", "damaged"]);
    writeFileSync(path, altered.subarray(0, -512));
    expect(await states()).toEqual(["official", "local"]);
  });

  test("without anything that tells val's classes is told", async () => {
    const dir = newFolder();
    await officialTars(dir);
    expect(await errorOf(loadDataset("imagenet", "test", offline(dir)))).toContain(
      "expected validation images in folders of classes, or beside them ILSVRC2012_devkit_t12.tar.gz, imagenet_2012_validation_synset_labels.txt",
    );
    put(join(dir, "imagenet_2012_validation_synset_labels.txt"), "n01443537\n");
    expect(await errorOf(loadDataset("imagenet", "test", offline(dir)))).toContain(
      "expected 2 lines, one an image, got 1",
    );
    put(join(dir, "imagenet_2012_validation_synset_labels.txt"), "n01443537\nn09999999\n");
    expect(await errorOf(loadDataset("imagenet", "test", offline(dir)))).toContain(
      "ILSVRC2012_val_00000002.JPEG: expected a class that train has, got n09999999",
    );
  });

  test("that is nowhere is not looked for on the network, for it is behind a registration", async () => {
    const dir = newFolder();
    mkdirSync(join(dir, "imagenet"));
    expect(await errorOf(loadDataset("imagenet", "train", { ...offline(dir), offline: false }))).toContain(
      "imagenet: expected ILSVRC2012_img_train.tar, ILSVRC2012_img_val.tar, got none; tried: nothing",
    );
  });
});
