import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { candidateFrom } from "../../src/cli/transfer/candidate.ts";
import { loadTarget } from "../../src/cli/transfer/target.ts";
import { loadModel } from "../../src/models/index.ts";
import { png } from "../datasets/picture-files.ts";
import { newFolder, put } from "../datasets/samples.ts";
import { workplace } from "./carryover.ts";

const golden: { file: string; data: string }[] = JSON.parse(
  readFileSync(new URL("../models/torch-golden.json", import.meta.url), "utf8"),
);

/** A file of PyTorch's, by its name in torch-golden.json. */
function modelFile(folder: string, name: string): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.from(golden.find(({ file }) => file === name)?.data ?? "", "base64"));
  return path;
}

const shades = { red: [200, 30, 30], green: [30, 200, 30], blue: [30, 30, 200] } as const;

/** Images of one colour each, of many sizes: any features tell them apart. */
function colours(folder: string, counts: Readonly<Record<keyof typeof shades, number>>): string {
  for (const [name, n] of Object.entries(counts))
    for (let i = 0; i < n; i++) {
      const [r, g, b] = shades[name as keyof typeof shades];
      put(`${folder}/${name}/${i}.png`, png([r + i, g + i, b + i], 20 + 3 * i, 30 + (i % 4)));
    }
  return folder;
}

describe("a model and images of one's own", () => {
  const place = workplace();
  afterAll(() => place.remove());
  const model = modelFile(place.folder, "c.pth");
  const target = colours(join(place.folder, "mine"), { red: 12, green: 9, blue: 7 });
  const words = ["--target", "mine", "--data", newFolder(), "--json"];

  test("transfer: accuracy with its interval, few-shot curve, predictors, attack, report and model", async () => {
    const { code, stdout, stderr } = await place.run(
      ["transfer", "--model", "c.pth", ...words, "--attacked", "4", "--steps", "2", "--draws", "3", "--out", "out"],
      { real: true },
    );
    expect([code, stderr.includes("Error")]).toEqual([0, false]);
    const found = JSON.parse(stdout);
    expect(found.target).toMatchObject({ name: "mine", classes: ["blue", "green", "red"], test: 5 });
    expect(found.target.train + found.target.validation).toBe(28 - 5);
    expect(found.accuracy).toMatchObject({ value: 1, n: 5, high: 1, interval: "Wilson, of the test images" });
    // Wilson's lower end for 5 of 5: n / (n + z^2).
    expect(found.accuracy.low).toBeCloseTo(5 / (5 + 1.959963984540054 ** 2), 12);
    expect(found.meanPerClass).toMatchObject({ value: 1, classes: 3 });
    expect(found.fewShot.map(({ perClass }: { perClass: number }) => perClass)).toEqual([1, 2, 5]);
    expect(found.fewShot[0].draws).toHaveLength(3);
    expect(Object.keys(found.predictors)).toEqual(["leep", "nce", "hScore", "logMe"]);
    expect(found.robust).toMatchObject({ accuracy: { n: 4 }, norm: "l2", eps: 0.25, steps: 2 });
    expect(found.robust.health.verdict).toMatch(/ok|suspect|failed/);
    for (const name of ["transfer.json", "few-shot.svg", "few-shot.png", "report.md", "report.html"])
      expect(existsSync(join(place.folder, "out", name)), name).toBe(true);
    expect(readFileSync(join(place.folder, "out", "report.html"), "utf8")).toContain("<svg");
    const saved = await loadModel(join(place.folder, "out", "model.safetensors"));
    expect([saved.model.classes, saved.model.name]).toEqual([3, "resnet10-w2"]);
  });

  test("transfer of a few images: means over the draws, and which draw's model is saved and attacked", async () => {
    const few = ["--protocol", "few-shot:1", "--draws", "3", "--shots", "1", "--attacked", "false", "--out", "few"];
    const { code, stdout } = await place.run(["transfer", "--model", "c.pth", ...words, ...few], { real: true });
    expect(code).toBe(0);
    const { accuracy, meanPerClass, perClass, fewShot, notes } = JSON.parse(stdout);
    const [curve] = fewShot;
    expect(accuracy).toEqual(curve.accuracy);
    expect(meanPerClass.interval).toBe("Student's t over the draws");
    // Of all shares in the classes, weighted by their images, the accuracy is made.
    const right = perClass.reduce((sum: number, { value, n }: { value: number; n: number }) => sum + value * n, 0);
    expect(right / 5).toBeCloseTo(accuracy.value, 12);
    expect(notes[0]).toMatch(/^Accuracies are means over 3 draws .* saved and attacked are of the first draw, whose/);
  });

  test("compare: a ranking, the confidence in it, and probabilities that add up", async () => {
    const { code, stdout } = await place.run(
      ["compare", "c.pth", modelFile(place.folder, "d.th"), ...words, "--out", "both"],
      { real: true },
    );
    expect(code).toBe(0);
    const { ranked, better } = JSON.parse(stdout);
    expect(ranked.map(({ accuracy }: { accuracy: { n: number } }) => accuracy.n)).toEqual([5, 5]);
    expect(ranked[0].accuracy.interval).toBe("Wilson, of the test images");
    expect(ranked[0].probabilityBest + ranked[1].probabilityBest).toBeCloseTo(1, 12);
    expect(better[0][1] + better[1][0]).toBeCloseTo(1, 12);
    expect(readFileSync(join(place.folder, "both", "report.md"), "utf8")).toContain("Probability that the row");
  });

  test("export-model: ONNX that onnxruntime answers alike, and a transfer of it", async () => {
    const written = await place.run(["export-model", "c.pth", "--out", "c.onnx", "--json"], { real: true });
    expect(written.code).toBe(0);
    expect(JSON.parse(written.stdout)).toMatchObject({ file: "c.onnx", side: 32, featureSize: 16, classes: 10 });
    expect(JSON.parse(written.stdout).difference).toBeLessThan(1e-5);
    const quick = ["--shots", "1", "--draws", "2", "--attacked", "3", "--steps", "1"];
    const { code, stdout } = await place.run(["transfer", "--model", "c.onnx", ...words, ...quick], { real: true });
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    expect(found.accuracy.value).toBe(1);
    expect(found.robust.accuracy.n).toBe(3);
    expect(found.files.at(-1)).toMatch(/model\.onnx$/);
  });

  test.each([
    [["transfer", "--model", "no.pth", "--target", target], "no.pth: expected a model's file, got nothing at /"],
    [
      ["transfer", "--model", model, "--target", target, "--protocol", "frosen"],
      "--protocol: expected frozen, full, partial:<blocks> or few-shot:<images a class>",
    ],
    [["compare", model, "--target", target], "compare: expected two or more models, got 1"],
  ])("%j is one sentence", async (wrong, sentence) => {
    const { code, stderr } = await place.run(wrong, { real: true });
    expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
  });
});

describe("an ONNX file that cannot be lifted", () => {
  const onnx: { name: string; data: string }[] = JSON.parse(
    readFileSync(new URL("../models/onnx-golden.json", import.meta.url), "utf8"),
  );
  const path = join(newFolder(), "strange.onnx");
  writeFileSync(path, Buffer.from(onnx.find(({ name }) => name === "Strange")?.data ?? "", "base64"));

  test("gives features by onnxruntime, says which operator stands in the way, and has no model to attack", async () => {
    const candidate = await candidateFrom(path, { size: 8, mean: [0, 0, 0], std: [1, 1, 1] });
    expect("reason" in candidate.whole && candidate.whole.reason).toMatch(/^operator Erf .* cannot be lifted/);
    // A mean of erf of convolved pixels: bounded by 1, and the same for the same image, wherever it stands in a batch.
    const pixels = Uint8Array.from({ length: 3 * 192 }, (_, i) => (i * 89) % 256);
    pixels.copyWithin(384, 0, 192);
    const data = { pixels, shape: [3, 3, 8, 8] as const, labels: Int32Array.of(0, 1, 0), classes: ["a", "b"] };
    const run = candidate.features(data, {});
    let next = await run.next();
    while (!next.done) next = await run.next();
    const { features, size } = next.value;
    expect([size, features.length]).toEqual([4, 12]);
    expect(features.every((value) => Math.abs(value) <= 1)).toBe(true);
    expect(features.slice(8)).toEqual(features.slice(0, 4));
    expect(features.slice(4, 8)).not.toEqual(features.slice(0, 4));
  });
});

describe("what cannot be transferred is told before any work", () => {
  const request = { seed: 0, data: [newFolder()] };
  const told = (work: Promise<unknown>) =>
    work.then(
      () => "done",
      (error: unknown) => (error instanceof InputError ? error.message : `not the user's: ${error}`),
    );

  test("a target that is no folder and no dataset", async () => {
    expect(await told(loadTarget({ ...request, target: "./none" }, 32))).toBe(
      '--target: expected a folder of images, got "./none", which is not there',
    );
    expect(await told(loadTarget({ ...request, target: "svnh" }, 32))).toContain('did you mean "svhn"?');
  });

  test("a class with one image, and more images than there are", async () => {
    const single = colours(newFolder(), { red: 5, green: 1, blue: 5 });
    expect(await told(loadTarget({ ...request, target: single }, 8))).toContain("got 1 of green");
    const few = colours(newFolder(), { red: 5, green: 5, blue: 5 });
    expect(await told(loadTarget({ ...request, target: few, train: 99 }, 8))).toBe(
      "--train: expected at most 12 images, as many as there are, got 99",
    );
    expect(await told(loadTarget({ ...request, target: few, train: 2 }, 8))).toContain(
      "target: expected a training image of each class, got none of",
    );
  });

  test("every class keeps an image to train with", async () => {
    const folder = colours(newFolder(), { red: 2, green: 4, blue: 10 });
    const { train, validation } = await loadTarget({ ...request, target: folder }, 8);
    expect(new Set(train.labels).size).toBe(3);
    expect(validation.labels.length).toBeGreaterThan(0);
  });

  test("half a normaliser, and a value's name for a file that has none", async () => {
    const path = modelFile(newFolder(), "c.pth");
    expect(await told(candidateFrom(path, { mean: [0, 0, 0] }))).toBe("--std: expected it beside --mean, got nothing");
    expect(await told(candidateFrom(path, { features: "pool" }))).toContain("--features: expected an .onnx file");
  });
});
