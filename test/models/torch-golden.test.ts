import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { float32, type Tensor } from "../../src/base/index.ts";
import { compile, encodeSafetensors, flattenTree, readSafetensors, type Traced } from "../../src/engine/index.ts";
import { architectureWords, type ImportOptions, loadModel, type Parameters } from "../../src/models/index.ts";
import { newFolder } from "../datasets/samples.ts";

interface Case {
  readonly title: string;
  readonly file: string;
  /** Base64 of the bytes that PyTorch wrote. */
  readonly data: string;
  readonly side: number;
  readonly logits: readonly number[];
  readonly options?: ImportOptions;
}

/** Made by torch-golden.py, with PyTorch 1.13. */
const cases: Case[] = JSON.parse(readFileSync(new URL("torch-golden.json", import.meta.url), "utf8"));
const folder = newFolder();

/** The images of torch-golden.py. */
function imagesOf(side: number): Tensor<"float32"> {
  const shape = [2, 3, side, side];
  return float32(
    shape,
    Float32Array.from({ length: 6 * side * side }, (_, i) => ((i * 37) % 101) / 100),
  );
}

async function logitsOf(path: string, side: number, options?: ImportOptions): Promise<readonly number[]> {
  const { model, parameters } = await loadModel(path, options);
  const run = await compile<Tensor<"float32">>(
    (p: Parameters<Traced>, x: Traced) => model.logits(p.g, model.features(p.f, x)),
    [parameters, imagesOf(side)],
    { frozen: [0] },
  );
  const { data } = await run(imagesOf(side));
  await run.dispose();
  return [...data];
}

const furthest = (a: readonly number[], b: readonly number[]) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);

describe.each(cases)("a file of $title", ({ file, data, side, logits, options }) => {
  const path = join(folder, file);
  writeFileSync(path, Buffer.from(data, "base64"));

  test("answers as PyTorch does", async () => {
    const ours = await logitsOf(path, side, options);
    expect(ours).toHaveLength(logits.length);
    expect(furthest(ours, logits)).toBeLessThan(1e-4);
  });

  test("written as a checkpoint of ours, it is the same model without being told its size and normaliser", async () => {
    const { model, parameters } = await loadModel(path, options);
    const again = join(folder, `${file}.safetensors`);
    writeFileSync(again, encodeSafetensors(flattenTree(parameters), architectureWords(model)));
    expect(furthest(await logitsOf(again, side), logits)).toBeLessThan(1e-4);
  });
});

describe("what does not map is told with both sides", () => {
  const write = async (name: string, change: (tensors: Record<string, Tensor>) => void) => {
    const source = cases.find(({ file }) => file === "e.safetensors");
    writeFileSync(join(folder, "source.safetensors"), Buffer.from(source?.data ?? "", "base64"));
    const { tensors } = await readSafetensors(join(folder, "source.safetensors"));
    change(tensors);
    const path = join(folder, name);
    writeFileSync(path, encodeSafetensors(tensors));
    return path;
  };
  const message = (path: string, options?: ImportOptions) =>
    loadModel(path, options).then(
      () => "loaded",
      (error: Error) => `${error.name}: ${error.message}`,
    );

  test("a missing name and a strange one", async () => {
    const path = await write("renamed.safetensors", (tensors) => {
      tensors["layer1.0.se.weight"] = tensors["layer1.0.bn2.weight"] as Tensor;
      delete tensors["layer1.0.bn2.weight"];
    });
    expect(await message(path)).toBe(
      `InputError: ${path}: the names do not map onto a ResNet: expected but not in the file: layer1.0.bn2.weight; in the file but not expected: layer1.0.se.weight`,
    );
  });

  test("another architecture", async () => {
    const path = await write("vgg.safetensors", (tensors) => {
      for (const name of Object.keys(tensors)) delete tensors[name];
      tensors["features.0.weight"] = float32([1], [1]);
    });
    expect(await message(path)).toMatch(
      /expected the names of a ResNet of torchvision.*got features\.0\.weight; another architecture is read as ONNX/,
    );
  });

  test("a tensor of another shape, a stem for grey images, images too small", async () => {
    const shape = await write("shape.safetensors", (tensors) => {
      tensors["layer1.0.bn1.bias"] = float32([3], [0, 0, 0]);
    });
    expect(await message(shape)).toContain("layer1.0.bn1.bias: expected float32 [2], got float32 [3]");
    const grey = await write("grey.safetensors", (tensors) => {
      tensors["conv1.weight"] = float32([2, 1, 7, 7], new Float32Array(98));
    });
    expect(await message(grey)).toContain("conv1.weight: expected images of 3 channels, got a convolution of 1");
    const whole = await write("whole.safetensors", () => {});
    expect(await message(whole, { side: 4 })).toContain("size: expected images of at least 8 pixels, got 4");
  });

  test("what stands beside the model is named, not passed over", async () => {
    const path = join(folder, "g.pt");
    const { notes } = await loadModel(path);
    expect(notes.join()).toMatch(/^\d+ tensors beside the model's were left aside: model\.module\.attacker/);
  });
});
