import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { bytesOf, type Dataset, defineDataset, loadDataset, verifyDataset } from "../../src/datasets/index.ts";
import { tar } from "./archive-files.ts";
import { png } from "./picture-files.ts";
import { newFolder, put } from "./samples.ts";

type Files = Readonly<Record<string, Uint8Array | string>>;

function dataFolder(files: Files): string {
  const dir = newFolder();
  for (const [name, bytes] of Object.entries(files)) put(join(dir, name), bytes);
  return dir;
}

const load = (name: string, split: "train" | "test", dir: string) =>
  loadDataset(name, split, { dataDirs: [dir], cacheDir: newFolder(), side: 4, threads: 1 });

const grey = (level: number) => png([level, level, level]);
const pairs = (images: Dataset) => {
  const bytes = bytesOf(images);
  return Array.from(images.labels, (label, i) => [images.classes[label], bytes[48 * i]]);
};

const errorOf = (loading: Promise<unknown>) =>
  loading.then(
    () => "loaded",
    (cause) => `${cause.name}: ${cause.message}`,
  );

test("a folder of images in a data folder is a dataset of its name", async () => {
  const dir = dataFolder({
    "pets/train/cat/1.png": grey(1),
    "pets/train/dog/1.png": grey(2),
    "pets/val/cat/2.png": grey(3),
    "pets/val/dog/2.png": grey(4),
  });
  const train = await load("pets", "train", dir);
  expect([train.name, pairs(train)]).toEqual([
    "pets",
    [
      ["cat", 1],
      ["dog", 2],
    ],
  ]);
  expect(pairs(await load("pets", "test", dir))).toEqual([
    ["cat", 3],
    ["dog", 4],
  ]);
  const options = { dataDirs: [dir], cacheDir: newFolder(), side: 4 };
  expect((await verifyDataset("pets", options)).map(({ state, images }) => [state, images])).toEqual([
    ["local", 2],
    ["local", 2],
  ]);
});

describe("a CSV of paths and labels", () => {
  const images = { "pics/a.png": grey(10), "pics/b, c.png": grey(20), "pics/d.png": grey(30), "pics/e.png": grey(40) };

  test("with splits, quoted fields, CRLF and a byte order mark", async () => {
    const csv =
      '\uFEFFlabel,path,split\r\n"wet ""paint""",pics/a.png,train\r\ndry,"pics/b, c.png",train\r\n\r\ndry,pics/d.png,val\r\n"wet ""paint""",pics/e.png,test\r\n';
    const dir = dataFolder({ ...images, "walls.csv": csv });
    expect(pairs(await load("walls", "train", dir))).toEqual([
      ['wet "paint"', 10],
      ["dry", 20],
    ]);
    expect(pairs(await load("walls", "test", dir))).toEqual([
      ["dry", 30],
      ['wet "paint"', 40],
    ]);
  });

  test("with numbers as labels, in the order of numbers, split by a fifth", async () => {
    const rows = ["a", "b, c", "d", "e"].map((name, i) => `"pics/${name}.png",${[10, 9, 10, 9][i]}`);
    const dir = dataFolder({ ...images, "walls.csv": `path,label\n${rows.join("\n")}` });
    const [train, held] = [await load("walls", "train", dir), await load("walls", "test", dir)];
    expect(train.classes).toEqual(["9", "10"]);
    const both = [...pairs(train), ...pairs(held)].sort((a, b) => Number(a[1]) - Number(b[1]));
    expect(both).toEqual([
      ["10", 10],
      ["9", 20],
      ["10", 30],
      ["9", 40],
    ]);
    expect([train.shape[0], held.shape[0]]).toEqual([2, 2]);
  });

  test.each([
    ["file,class\npics/a.png,x", "expected columns path, label and perhaps split, got file, class"],
    ["path,label,size\npics/a.png,x,3", "got path, label, size"],
    ["path,label\npics/a.png", "walls.csv:2: expected 2 fields, got 1"],
    ["path,label\npics/a.png,", "walls.csv:2: expected a path and a label, got an empty field"],
    [
      "path,label,split\npics/a.png,x,train\npics/d.png,y,trian",
      'walls.csv:3: split: expected train or test (or val), got "trian"',
    ],
    ["path,label\npics/a.png,x\npics/d.png,x", "expected images of two or more classes, got x"],
    ['path,label\n"pics/a.png,x', "walls.csv:2: expected a closing quote, got the end of the file"],
    ["path,label\npics/a.png,x\npics/z.png,y", "z.png: there is no such file or folder"],
    [
      "path,label,split\npics/a.png,x,train\npics/d.png,y,train\npics/e.png,x,test",
      "expected images of each class, got none of y",
    ],
  ])("is told what is wrong with %j", async (csv, message) => {
    const dir = dataFolder({ ...images, "walls.csv": csv });
    const said = await Promise.all([errorOf(load("walls", "train", dir)), errorOf(load("walls", "test", dir))]);
    expect(said.join("\n")).toContain(message);
    expect(said.join("\n")).toContain("InputError: ");
  });
});

describe("WebDataset shards", () => {
  const shard = (first: number, labels: readonly number[]) =>
    tar(
      Object.fromEntries(
        labels.flatMap((label, i) => [
          [`set/sample${first + i}.png`, grey(first + i)],
          [`set/sample${first + i}.cls`, `${label}\n`],
          [`set/sample${first + i}.json`, "{}"],
        ]),
      ),
    );

  test("named train and val are the splits, with names of classes where there are some", async () => {
    const files = {
      "birds/train-0000.tar": await shard(1, [0, 1]),
      "birds/train-0001.tar": await shard(3, [1]),
      "birds/val-0000.tar": await shard(7, [1, 0]),
    };
    const numbered = dataFolder(files);
    expect(pairs(await load("birds", "train", numbered))).toEqual([
      ["0", 1],
      ["1", 2],
      ["1", 3],
    ]);
    const named = dataFolder({ ...files, "birds/classes.txt": "finch\nheron\n" });
    expect(pairs(await load("birds", "test", named))).toEqual([
      ["heron", 7],
      ["finch", 8],
    ]);
  });

  test("of other names are one set, of which a fifth is for the test", async () => {
    const dir = dataFolder({ "birds/part0.tar": await shard(1, [0, 0, 1, 1]) });
    expect((await load("birds", "train", dir)).labels).toHaveLength(2);
    expect((await load("birds", "test", dir)).labels).toHaveLength(2);
  });

  test.each([
    [
      { "a.png": grey(1), "a.cls": "0", "b.png": grey(2) },
      "expected an image and a .cls of each sample, got one of the two of b",
    ],
    [{ "a.png": grey(1), "a.cls": "cat" }, 'a.cls: expected a class as a whole number, got "cat"'],
    [{ "a.png": grey(1), "a.cls": "0" }, "expected images of two or more classes, got 1"],
  ])("are told what is wrong (%#)", async (files, message) => {
    const dir = dataFolder({ "birds/part0.tar": await tar(files) });
    expect(await errorOf(load("birds", "train", dir))).toContain(message);
  });
});

describe("a module of one's own", () => {
  const index = pathToFileURL(join(import.meta.dirname, "../../src/index.ts")).href;
  const module = (body: string) =>
    `import { defineDataset } from ${JSON.stringify(index)};\nexport default defineDataset(${body});\n`;

  test("lists files, or gives pixels", async () => {
    const dir = dataFolder({
      "a.png": grey(5),
      "b.png": grey(6),
      "listed.dataset.mjs": module(
        '{ classes: ["low", "high"], files: (split) => split === "train" ? [{ path: "a.png", label: "high" }, { path: "b.png", label: "low" }] : [{ path: "b.png", label: "high" }, { path: "a.png", label: "low" }] }',
      ),
      "drawn.dataset.mjs": module(
        '{ classes: ["low", "high"], images: () => ({ pixels: Uint8Array.of(7, 8), shape: [2, 1, 1, 1], labels: Int32Array.of(1, 0) }) }',
      ),
    });
    expect(pairs(await load("listed", "train", dir))).toEqual([
      ["high", 5],
      ["low", 6],
    ]);
    expect(pairs(await load("listed", "test", dir))).toEqual([
      ["high", 6],
      ["low", 5],
    ]);
    expect(pairs(await load("drawn", "test", dir))).toEqual([
      ["high", 7],
      ["low", 8],
    ]);
  });

  test.each([
    ["export const x = 1;", 'expected "export default defineDataset({ ... })", got no default export'],
    ["export default {", "expected a module that loads, got "],
    [module('{ classes: ["one"] }'), 'dataset: classes: expected a list of two or more names, got ["one"]'],
    [module('{ classes: ["a", "b"] }'), "expected one function, files(split) or images(split), got neither"],
    [module('{ classes: ["a", "b"], file: 1, files() {} }'), "expected members classes and files or images, got file"],
    [
      module('{ classes: ["a", "b"], files: () => [{ path: "x.png", label: "c" }] }'),
      'label: expected one of a, b, got "c"',
    ],
    [
      module(
        '{ classes: ["a", "b"], images: () => ({ pixels: new Uint8Array(3), shape: [2, 1, 1, 1], labels: [0, 1] }) }',
      ),
      'images("train"): pixels: expected 2 bytes for [2,1,1,1], got 3',
    ],
    [
      module(
        '{ classes: ["a", "b"], images: () => ({ pixels: new Uint8Array(2), shape: [2, 1, 1, 1], labels: [0, 2] }) }',
      ),
      "labels: expected whole numbers from 0 to 1, one a class, got 2",
    ],
  ])("is told what is wrong (%#)", async (text, message) => {
    const dir = dataFolder({ "mine.dataset.mjs": text });
    expect(await errorOf(load("mine", "train", dir))).toContain(message);
  });

  const gives = (images: string) => module(`{ classes: ["a", "b"], images: () => (${images}) }`);

  test.each([
    ['labels: ["a", "b"]', 'labels: expected whole numbers from 0 to 1, one a class, got "a"'],
    ["labels: [0, 0.5]", "labels: expected whole numbers from 0 to 1, one a class, got 0.5"],
    ["labels: [0, NaN]", "labels: expected whole numbers from 0 to 1, one a class, got NaN"],
    ["labels: [0, -1]", "labels: expected whole numbers from 0 to 1, one a class, got -1"],
    ["labels: [0]", "labels: expected 2, one an image, got 1"],
    ["labels: 2", "labels: expected a list of numbers, got Number"],
    [
      "pixels: new Float32Array(2)",
      "pixels: expected a Uint8Array or an object with read(index, out, at), got Float32Array",
    ],
    ["pixels: new Uint8ClampedArray(2)", "read(index, out, at), got Uint8ClampedArray"],
    ["pixels: undefined", "read(index, out, at), got nothing"],
    ["shape: [2, 1, 0, 0]", "shape: expected [n, 1 or 3, height, width], whole and positive, got [2,1,0,0]"],
    ["shape: [2, 1, 1.5, 1]", "whole and positive, got [2,1,1.5,1]"],
    ["shape: [2, 2, 1, 1]", "whole and positive, got [2,2,1,1]"],
    ["shape: undefined", "whole and positive, got undefined"],
  ])("is told what is wrong with pixels of %s", async (member, message) => {
    const right = "pixels: new Uint8Array(2), shape: [2, 1, 1, 1], labels: [0, 1]";
    const dir = dataFolder({ "mine.dataset.mjs": gives(`{ ${right}, ${member} }`) });
    const said = await errorOf(load("mine", "train", dir));
    expect(said).toContain(`InputError: ${join(dir, "mine.dataset.mjs")}: images("train"): `);
    expect(said).toContain(message);
  });

  test.each([
    [gives("undefined"), 'images("train"): expected { pixels, shape, labels }, got nothing'],
    [
      module('{ classes: ["a", "b"], files: () => {} }'),
      'files("train"): expected a list of { path, label }, got nothing',
    ],
    [
      module('{ classes: ["a", "b"], files: () => [{ path: "a.png", label: 0 }] }'),
      'files("train"): file 0: expected { path, label }, both texts, got {"path":"a.png","label":0}',
    ],
  ])("is told what is missing (%#)", async (text, message) => {
    expect(await errorOf(load("mine", "train", dataFolder({ "mine.dataset.mjs": text })))).toMatch(/^InputError: /);
    expect(await errorOf(load("mine", "train", dataFolder({ "mine.dataset.mjs": text })))).toContain(message);
  });

  test("may read its pixels one by one", async () => {
    const reader = "pixels: { read: (index, out, at) => { out[at] = 7 + index; } }";
    const dir = dataFolder({ "mine.dataset.mjs": gives(`{ ${reader}, shape: [2, 1, 1, 1], labels: [1, 0] }`) });
    expect(pairs(await load("mine", "train", dir))).toEqual([
      ["b", 7],
      ["a", 8],
    ]);
  });

  test("is checked where it is defined", () => {
    expect(() => defineDataset({ classes: ["a", "a"], files: () => [] })).toThrow("expected each name once, got a, a");
  });
});

test.each(["größe", "a+b", "my (1)", "写真", "v1..2"])("%s is a name as any", async (name) => {
  const two = { "a/1.png": grey(1), "a/2.png": grey(1), "b/1.png": grey(2), "b/2.png": grey(2) };
  const dir = dataFolder(Object.fromEntries(Object.entries(two).map(([path, bytes]) => [`${name}/${path}`, bytes])));
  expect(pairs(await load(name, "train", dir))).toEqual([
    ["a", 1],
    ["b", 2],
  ]);
});

test.each([
  ["a folder of images", "mnist/cat/1.png", grey(1)],
  ["a folder of images", "mnist/train/cat/1.png", grey(1)],
  ["it", "mnist.csv", "path,label"],
])("%s under a known name (%s) is not passed over in silence", async (what, file, content) => {
  const dir = dataFolder({ [file]: content });
  const path = join(dir, file.split("/")[0] ?? "");
  expect(await errorOf(load("mnist", "test", dir))).toBe(
    `InputError: ${path}: expected data of your own under another name, got ${what} named mnist, which is the name of a known dataset`,
  );
});

test("a name that is nowhere says where data of one's own belongs", async () => {
  const dir = dataFolder({ "cats/x.txt": "" });
  expect(await errorOf(load("pest", "train", dir))).toMatch(
    /^InputError: dataset: expected one of cifar10, .*got "pest".*; data of your own: .*; looked in /,
  );
  for (const name of ["../cats", "..", ".cats", "cats/deeper", "cats\\deeper", ""])
    expect(await errorOf(load(name, "train", dir))).toContain(`got "${name}"`);
});

test("examples/stripes.dataset.ts: as many lying as standing, and each is so", async () => {
  const examples = join(import.meta.dirname, "../../examples");
  const images = await loadDataset("stripes", "train", { dataDirs: [examples], cacheDir: newFolder() });
  expect(images.shape).toEqual([200, 3, 32, 32]);
  const bytes = bytesOf(images);
  // Along a stripe nothing changes; the first image lies and the second stands.
  expect(new Set(bytes.subarray(0, 32)).size).toBe(1);
  expect(new Set(Array.from({ length: 32 }, (_, y) => bytes[3072 + 32 * y])).size).toBe(1);
  expect([...images.labels.subarray(0, 4)]).toEqual([0, 1, 0, 1]);
});
