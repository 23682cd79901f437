import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { digestTree } from "../../src/engine/index.ts";
import { loadModel } from "../../src/models/index.ts";
import { png } from "../datasets/picture-files.ts";
import { put } from "../datasets/samples.ts";
import { workplace } from "./carryover.ts";

const place = workplace();
afterAll(() => place.remove());

// Images of one colour each, a little darker and lighter: any training tells them apart.
for (const [name, [r = 0, g = 0, b = 0]] of Object.entries({ red: [200, 30, 30], blue: [30, 30, 200] }))
  for (let i = 0; i < 60; i++)
    for (const split of ["train", "test"])
      if (split === "train" || i < 10)
        put(
          join(place.folder, `data/shades/${split}/${name}/${i}.png`),
          png([r + (i % 40), g + (i % 30), b + (i % 40)], 32, 32),
        );

const sizes = ["source.validation=10", "model=small-cnn", "batch=10", "learningRate=0.05"];
const set = [...sizes, "epochs=4"].flatMap((setting) => ["--set", setting]);
const words = (...more: string[]) => ["train", "shades", "--data", "data", ...set, ...more];

async function checkpointOf(file: string): Promise<string> {
  return digestTree((await loadModel(join(place.folder, file))).parameters);
}

describe("carryover train", () => {
  test("a model under a method, measured on the test images and written; on two threads as on two threads again", async () => {
    const { code, stdout, stderr } = await place.run(words("--method", "jr=0.01", "--threads", "2"), { real: true });
    expect([code, stderr]).toEqual([0, expect.stringContaining("epoch 4/4")]);
    expect(stdout).toMatch(
      /^small-cnn on shades, jr 0.01, seed 0: 4 epochs of 110 images in 0:\d\d\naccuracy 100.0 % \[8\d/,
    );
    const first = await checkpointOf("shades-jr-0.01-0.safetensors");
    const again = words("--method", "jr=0.01", "--threads", "2", "--fresh", "--out", "again.safetensors", "--json");
    const told = (await place.run(again, { real: true })).stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(told.map(({ event }) => event)).toEqual(["epoch", "epoch", "epoch", "epoch", "trained"]);
    expect(told.at(-1)).toMatchObject({ checkpoint: first, images: 110, accuracy: { value: 1, n: 20 }, seed: 0 });
    expect(await checkpointOf("again.safetensors")).toBe(first);
  }, 120_000);

  test("interrupted and gone on with, it is the model of a training that never was", async () => {
    const long = words("--threads", "1", "--set", "source.train=100").map((word) =>
      word.replace("epochs=4", "epochs=12"),
    );
    const whole = await place.run([...long, "--artifacts", "whole", "--out", "whole.safetensors"], { real: true });
    expect(whole.code).toBe(0);
    const run = place.start([...long, "--out", "cut.safetensors"], { real: true });
    await run.says(/epoch 2\/12/);
    run.child.kill("SIGINT");
    const stopped = await run.ended;
    expect([stopped.code, stopped.stderr]).toEqual([130, expect.stringMatching(/To go on: .*train shades .*--resume/)]);
    const ended = await place.run([...long, "--out", "cut.safetensors", "--resume"], { real: true });
    expect(ended.code).toBe(0);
    expect(await checkpointOf("cut.safetensors")).toBe(await checkpointOf("whole.safetensors"));
  }, 120_000);

  test.each([
    [["--method", "jr"], 'train: --method: expected a kind and its strength such as jr=0.01, got "jr"'],
    [["--method", "jrr=0.01"], 'did you mean "jr"?'],
    [["--method", "jr=1", "--method", "jr=2"], "train: --method: expected each kind once, got jr=1 and jr=2"],
    [["--method", "blur=4"], "blur"],
    [["--set", "seeds=3"], 'expected a key of the source, the model or the schedule, got "seeds=3"'],
    [["--set", "epoch=3"], 'did you mean "epochs"?'],
    [["--out", "model.pt"], '--out: expected a file that ends in .safetensors or .onnx, got "model.pt"'],
    [["--threads", "0"], '--threads: expected a whole number from 1 to 999999, got "0"'],
  ])(
    "%j is told in one sentence",
    async (wrong, sentence) => {
      const { code, stdout, stderr } = await place.run(words(...wrong), { real: true });
      expect([code, stdout, stderr.trim().split("\n").length]).toEqual([2, "", 1]);
      expect(stderr).toContain(sentence);
    },
    60_000,
  );
});
