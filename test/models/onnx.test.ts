import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { float32, InputError, sizeOf, type Tensor } from "../../src/base/index.ts";
import { compile, encodeOnnx, grad, np, openOnnx, type Traced } from "../../src/engine/index.ts";
import {
  architectureWords,
  createModel,
  type LoadedModel,
  liftBackbone,
  loadModel,
  loadOnnx,
  modelToOnnx,
  type Parameters,
  readBackbone,
  resnet,
} from "../../src/models/index.ts";
import { newFolder } from "../datasets/samples.ts";
import { randomImages, tinyResnet } from "./tiny.ts";

interface Case {
  readonly name: string;
  /** Base64 of what torch.onnx.export wrote. */
  readonly data: string;
  readonly side: number;
  readonly logits: readonly number[];
}

/** Made by onnx-golden.py, with PyTorch 1.13. */
const cases: Case[] = JSON.parse(readFileSync(new URL("onnx-golden.json", import.meta.url), "utf8"));
const folder = newFolder();
const plain = { mean: [0, 0, 0], deviation: [1, 1, 1] };

function file(name: string): string {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, Buffer.from(cases.find((each) => each.name === name)?.data ?? "", "base64"));
  return path;
}

/** The images of onnx-golden.py, the first of them n times over. */
function images(side: number, n = 2): Tensor<"float32"> {
  const one = 3 * side * side;
  const shape = [n, 3, side, side];
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => (((n > 2 ? i % one : i) * 37) % 101) / 100),
  );
}

async function logitsOf({ model, parameters }: LoadedModel, x: Tensor<"float32">): Promise<Float32Array> {
  const run = await compile<Tensor<"float32">>(
    (p: Parameters<Traced>, v: Traced) => model.logits(p.g, model.features(p.f, v)),
    [parameters, x],
    { frozen: [0] },
  );
  const { data } = await run(x);
  await run.dispose();
  return data;
}

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);

describe("what PyTorch exports, lifted", () => {
  test.each([
    ["Residual", 4, 5],
    ["Mixed", 390, 4],
    ["Mixed-two", 390, 4],
  ])("%s answers as PyTorch does, and its last linear layer is the head", async (name, features, classes) => {
    const { side = 0, logits = [] } = cases.find((each) => each.name === name) ?? {};
    const loaded = await loadOnnx(file(name), { normaliser: plain, ...(name === "Residual" && { side }) });
    expect([loaded.model.featureSize, loaded.model.classes, loaded.model.inputShape[1]]).toEqual([
      features,
      classes,
      side,
    ]);
    expect(furthest(await logitsOf(loaded, images(side)), logits)).toBeLessThan(1e-4);
    // A file that was written for two images serves five.
    const five = await logitsOf(loaded, images(side, 5));
    expect(furthest(five.subarray(0, classes), logits.slice(0, classes))).toBeLessThan(1e-4);
    expect(furthest(five.subarray(4 * classes), logits.slice(0, classes))).toBeLessThan(1e-4);
  });

  test("its gradient is that of finite differences", async () => {
    const { model, parameters } = await loadOnnx(file("Residual"), { normaliser: plain, side: 24 });
    const x = images(24, 1);
    const total = (p: Parameters<Traced>, at: Traced) => np.sum(np.sin(model.logits(p.g, model.features(p.f, at))));
    const run = await compile<[Tensor<"float32">, Tensor<"float32">]>(
      (p: Parameters<Traced>, at: Traced) => [total(p, at), grad((v: Traced) => total(p, v))(at)],
      [parameters, x],
      { frozen: [0] },
    );
    const [, gradient] = await run(x);
    const length = Math.sqrt(gradient.data.reduce((sum, value) => sum + value * value, 0));
    // Along its own direction the slope is the gradient's length.
    const at = async (step: number) => {
      const moved = x.data.map((value, i) => value + (step * (gradient.data[i] ?? 0)) / length);
      return (await run(float32(x.shape, moved)))[0].data[0] ?? Number.NaN;
    };
    expect(((await at(0.01)) - (await at(-0.01))) / 0.02 / length).toBeCloseTo(1, 2);
    await run.dispose();
  });

  test("features by the name of a node, averaged over the pixels of a map", async () => {
    const { model, notes } = await loadOnnx(file("Residual"), { side: 24, features: "/MaxPool" });
    expect(model.featureSize).toBe(4);
    expect(notes.join(" ")).toContain("maps are averaged over their pixels");
  });
});

describe("a classifier whose answer is more than a linear layer of what that reads", () => {
  /** 10 W mean(x) + b, as an exporter writes a temperature: the product is scaled before the bias is added. */
  const [weight, bias] = [
    [
      [1, -2],
      [0.5, 3],
      [-1, 0.25],
    ],
    [0.5, -4],
  ];
  const path = join(folder, "scaled.onnx");

  test("answers as the file does, with as many classes, and says what the features are", async () => {
    const bytes = await encodeOnnx(
      (p: { readonly w: Traced; readonly b: Traced }, x: Traced) => ({
        logits: np.add(np.multiply(10, np.matmul(np.mean(x, [2, 3]), p.w)), p.b),
      }),
      { w: float32([3, 2], Float32Array.from(weight.flat())), b: float32([2], Float32Array.from(bias)) },
      { imageShape: [3, 8, 8], outputs: ["logits"] },
    );
    writeFileSync(path, bytes);
    const loaded = await loadModel(path);
    const x = randomImages(3, 1);
    const means = Array.from(
      { length: 9 },
      (_, at) => x.data.slice(64 * at, 64 * at + 64).reduce((a, b) => a + b) / 64,
    );
    const expected = [0, 1, 2].flatMap((i) =>
      bias.map((b, k) => b + 10 * weight.reduce((sum, row, c) => sum + (row[k] ?? 0) * (means[3 * i + c] ?? 0), 0)),
    );
    expect(loaded.model.classes).toBe(2);
    expect(furthest(await logitsOf(loaded, x), expected)).toBeLessThan(1e-4);
    expect(loaded.notes[0]).toMatch(
      /^the features are the answer ".*", for what makes it of ".*" is no linear layer alone/,
    );
  });

  test("for transfer it keeps the features that its linear layer reads, and no head", async () => {
    const lifted = await liftBackbone(path, await readBackbone(path, {}));
    expect([lifted.model.featureSize, lifted.hasHead]).toEqual([3, false]);
  });
});

test("a file's words differ with the file, and with the normaliser", async () => {
  const words = async (name: string, mean: number) =>
    architectureWords((await loadOnnx(file(name), { normaliser: { ...plain, mean: [mean, 0, 0] } })).model);
  const [mixed, two, shifted] = [await words("Mixed", 0), await words("Mixed-two", 0), await words("Mixed", 1)];
  expect(new Set([mixed, two, shifted].map((each) => each.graph)).size).toBe(3);
  expect(await words("Mixed", 0)).toEqual(mixed);
});

test("a NaN among what onnxruntime gives is seen, also where later numbers are finite", async () => {
  const path = join(folder, "nan.onnx");
  const nan = Float32Array.of(1, Number.NaN, 1);
  const bytes = await encodeOnnx(
    (p: { readonly b: Traced }, x: Traced) => ({ logits: np.add(np.mean(x, [2, 3]), p.b) }),
    { b: float32([3], nan) },
    { imageShape: [3, 8, 8], outputs: ["logits"] },
  );
  writeFileSync(path, bytes);
  await expect(loadModel(path)).rejects.toThrow("differs by NaN of NaN: it cannot be lifted");
});

describe("what cannot be used is told in one sentence", () => {
  const told = (work: Promise<unknown>) =>
    work.then(
      () => "done",
      (error: unknown) => (error instanceof InputError ? error.message : `not the user's: ${error}`),
    );

  test("an operator that cannot be lifted is named, with those that can", async () => {
    expect(await told(loadOnnx(file("Strange"), { side: 8 }))).toMatch(
      /Strange\.onnx: operator Erf \(".*Erf.*"\) cannot be lifted into a differentiable function; known are Add, AveragePool, BatchNormalization/,
    );
  });

  test("grey images, another size than the file's, a name that is not there", async () => {
    expect(await told(loadOnnx(file("Grey-two")))).toContain(
      "expected images [batch, 3, height, width], got [2,1,8,8]",
    );
    expect(await told(loadOnnx(file("Mixed"), { side: 32 }))).toContain(
      "size: expected 16, which the file fixes, got 32",
    );
    expect(await told(loadOnnx(file("Residual"), { side: 24, features: "anser" }))).toContain('did you mean "answer"?');
  });

  test("with any one byte changed, a file is read or refused, never anything else", async () => {
    const whole = readFileSync(file("Strange"));
    const path = join(folder, "changed.onnx");
    for (let at = 0; at < whole.length; at += 29) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x55;
      writeFileSync(path, changed);
      expect(await told(loadOnnx(path, { side: 8 })), `byte ${at}`).not.toContain("not the user's");
    }
    writeFileSync(path, whole.subarray(0, 40));
    expect(await told(loadOnnx(path))).toContain("expected an ONNX model");
  });
});

describe.each([
  ["small-cnn", createModel("small-cnn", { classes: 4 })],
  [
    "a residual network with both shortcuts",
    resnet({ ...tinyResnet, stem: "imagenet", side: 40, block: "bottleneck" }, 4),
  ],
  ["a residual network with padding shortcuts", resnet({ ...tinyResnet, shortcut: "padding" }, 4)],
])("%s exported", (name, model) => {
  const parameters = model.init(6);
  const path = join(folder, `${name.replaceAll(" ", "-")}.onnx`);
  const x = randomImages(3, 1, model.inputShape[1]);

  test("gives the same logits in onnxruntime to 1e-5, in batches of any size", async () => {
    const bytes = await modelToOnnx(model, parameters, ["a", "b", "c", "d"]);
    writeFileSync(path, bytes);
    const ours = await logitsOf({ model, parameters }, x);
    const session = await openOnnx(path, bytes, { input: "images", value: "logits", isOutput: true });
    const three = await session.run(x);
    const one = await session.run(randomImages(1, 1, model.inputShape[1]));
    await session.dispose();
    expect(three.shape).toEqual([3, 4]);
    expect(furthest(three.data, ours)).toBeLessThan(1e-5);
    expect(furthest(one.data, ours.subarray(0, 4))).toBeLessThan(1e-5);
  });

  test("and lifted again is the same model, its normaliser inside", async () => {
    const again = await loadModel(path);
    expect([again.model.classes, again.model.featureSize]).toEqual([4, model.featureSize]);
    expect(furthest(await logitsOf(again, x), await logitsOf({ model, parameters }, x))).toBeLessThan(1e-5);
  });
});
