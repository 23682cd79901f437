import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Transformer } from "@napi-rs/image";
import { afterAll, describe, expect, test } from "vitest";
import { attackAll, type KnownPlan } from "../../src/attacks/index.ts";
import { InputError } from "../../src/base/index.ts";
import { Findings } from "../../src/cli/attack/findings.ts";
import { createModel, resnet, saveModel } from "../../src/models/index.ts";
import { linearCase } from "../attacks/linear-search.ts";
import { png } from "../datasets/picture-files.ts";
import { newFolder, put } from "../datasets/samples.ts";
import { tinyResnet } from "../models/tiny.ts";
import { tinyDataFolder } from "../studies/tiny-data.ts";
import { workplace } from "./carryover.ts";

describe("carryover attack", async () => {
  const place = workplace();
  afterAll(() => place.remove());
  const saved = async (name: string, classes: number) => {
    const path = join(place.folder, `${name}.safetensors`);
    const model = createModel("small-cnn", { classes });
    await saveModel(path, { model, parameters: model.init(1) });
    return path;
  };
  const checkpoint = await saved("small", 10);
  const words = ["attack", checkpoint, "--data", tinyDataFolder(), "--n", "20", "--steps", "3", "--out", "found"];

  test("clean, robust and verdict as JSON; a curve, a sheet, and the verdicts to go on with", async () => {
    const { code, stdout, stderr } = await place.run(
      [...words, "--health", "10", "--curve", "0,1", "--sheet", "sheet.png", "--json"],
      { real: true },
    );
    expect([code, stderr.includes("Error")]).toEqual([0, false]);
    const facts = JSON.parse(stdout);
    expect(facts).toMatchObject({ model: "small-cnn", dataset: "cifar10", n: 20, attack: "pgd", norm: "l2" });
    expect(facts.points.map(({ eps }: { eps: number }) => eps)).toEqual([0.25, 0, 1]);
    expect(facts.points[1].robust).toEqual(facts.points[1].clean);
    expect(facts.points[2].robust.value).toBeLessThanOrEqual(facts.points[0].robust.value);
    expect(facts.health.verdict).toMatch(/ok|suspect/);
    for (const name of ["attack.json", "curve.svg", "curve.png", "verdicts.json"])
      expect(existsSync(join(place.folder, "found", name)), name).toBe(true);
    const saved = JSON.parse(readFileSync(join(place.folder, "found", "verdicts.json"), "utf8"));
    expect(Object.values(saved)).toHaveLength(3);
  });

  test("--skip-corrupt: images that cannot be decoded are left out, which is refused without it", async () => {
    const pictures = join(place.folder, "pictures");
    for (const name of ["a", "b"])
      for (let i = 0; i < 6; i++) put(join(pictures, name, `${i}.png`), png([9, 9, 9], 40, 40));
    put(join(pictures, "a", "damaged.png"), "not a picture");
    const again = [
      "attack",
      await saved("two", 2),
      "--dataset",
      "pictures",
      "--attack",
      "fgsm",
      "--health",
      "false",
      "--json",
    ];
    const refused = await place.run(again, { real: true });
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--skip-corrupt leaves them out")]);
    const { code, stdout, stderr } = await place.run([...again, "--skip-corrupt"], { real: true });
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ dataset: "pictures", attack: "fgsm" });
  });

  describe("another model or other data in the same folder take nothing of what was found", () => {
    /** Eight noisy pictures, from dark to bright. */
    const listed = (labels: string) => {
      const rows = [...labels].map((label, i) => {
        const noisy = Uint8Array.from({ length: 4 * 32 * 32 }, (_, at) => (32 * i + ((at * 37) % 101)) % 256);
        put(join(place.folder, "list", `${i}.png`), Transformer.fromRgbaPixels(noisy, 32, 32).pngSync());
        return `${i}.png,${label},${i < 6 ? "test" : "train"}`;
      });
      put(join(place.folder, "list", "set.csv"), ["path,label,split", ...rows].join("\n"));
    };
    const found = async (path: string, out: string, ...more: string[]) => {
      const plan = ["--attack", "fgsm", "--eps", "0", "--health", "false", "--out", out, "--json"];
      const run = await place.run(["attack", path, "--dataset", "list/set.csv", ...plan, ...more], { real: true });
      expect(run.code, run.stderr).toBe(0);
      return JSON.parse(run.stdout.trim().split("\n").at(-1) ?? "").points[0].clean;
    };

    test("with two classes swapped, those are right that were wrong", async () => {
      const path = await saved("pair", 2);
      listed("aaabaaab");
      const { value, n } = await found(path, "swapped");
      expect([n, value === 0.5]).toEqual([6, false]);
      listed("bbbabbba");
      expect((await found(path, "swapped")).value).toBeCloseTo(1 - value, 12);
    });

    test("with another normaliser it is another model", async () => {
      listed("abababab");
      const path = join(place.folder, "resnet.safetensors");
      const model = resnet(tinyResnet, 2);
      await saveModel(path, { model, parameters: model.init(1) });
      const verdicts = () =>
        Object.keys(JSON.parse(readFileSync(join(place.folder, "renormalised/verdicts.json"), "utf8")));
      await found(path, "renormalised");
      expect(verdicts()).toHaveLength(1);
      const other = ["--mean", "0.9,0.9,0.9", "--std", "0.01,0.01,0.01"];
      expect(await found(path, "renormalised", ...other)).toEqual(await found(path, "afresh", ...other));
      expect(verdicts()).toHaveLength(2);
      await found(path, "renormalised", "--mean", "0.4914,0.4822,0.4465", "--std", "0.2023,0.1994,0.201");
      expect(verdicts()).toHaveLength(2);
    });
  });

  test.each([
    [["attack", "no.safetensors"], 'attack: expected a checkpoint, got "no.safetensors": nothing at /'],
    [
      ["attack", "0123456789abcdef"],
      "attack: expected a checkpoint (.safetensors, .pth, .pt, .th, .onnx) or a trial's id",
    ],
    [
      [...words, "--dataset", join(import.meta.dirname, "../../examples/stripes.dataset.ts")],
      `--dataset: expected images of 10 classes, as many as ${checkpoint} tells apart, got `,
    ],
    [["attack", checkpoint, "--mean", "0,0,0"], "--std: expected it beside --mean, got nothing"],
    [["attack", checkpoint, "--attack", "pdg"], "--attack: expected one of pgd, fgsm"],
    [
      ["attack", checkpoint, "--eps", "wide"],
      '--eps: expected a number of at least 0, such as 0.25 or 8/255, got "wide"',
    ],
  ])("%j is one sentence", async (wrong, sentence) => {
    const { code, stderr } = await place.run(wrong, { real: true });
    expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
  });
});

describe("verdicts on disk", () => {
  const { victim, data } = linearCase(6);
  const plan: KnownPlan = { kind: "pgd", norm: "l2", eps: 0.01, steps: 5, stepSize: 0.003, restarts: 1 };
  const about = { model: "m", data: { n: 6 } };
  const indices = [0, 1, 2, 3, 4, 5];
  const { signal } = new AbortController();

  test("an attack that was stopped goes on where it was, to the same verdicts", async () => {
    const path = join(newFolder(), "verdicts.json");
    const stopped = new AbortController();
    const first = (await Findings.open(path)).attack(victim, data, plan, {
      about,
      indices,
      seed: 1,
      signal: stopped.signal,
    });
    for (let calls = 0; calls < 8; calls++) await first.next();
    stopped.abort(new Error("enough"));
    await expect(first.next()).rejects.toThrow("enough");
    const kept = Object.values(JSON.parse(readFileSync(path, "utf8"))).flat();
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(6);

    const second = (await Findings.open(path)).attack(victim, data, plan, { about, indices, seed: 1, signal });
    expect((await second.next()).value).toEqual({ done: kept.length, of: 6 });
    let next = await second.next();
    while (!next.done) next = await second.next();
    const whole = await attackAll(victim, data, plan, { seed: 1 });
    expect(indices.map((index) => next.value && "get" in next.value && next.value.get(index))).toEqual(
      whole.map(({ clean, robust }) => ({ clean, robust })),
    );
  });

  test("another plan, seed or model takes none of them; a file of something else is refused", async () => {
    const path = join(newFolder(), "verdicts.json");
    const run = async (of: KnownPlan, seed: number) => {
      let begun: unknown;
      for await (const step of (await Findings.open(path)).attack(victim, data, of, { about, indices, seed, signal }))
        begun ??= step.done;
      return begun;
    };
    expect([await run(plan, 1), await run(plan, 1), await run(plan, 2), await run({ ...plan, steps: 6 }, 1)]).toEqual([
      0, 6, 0, 0,
    ]);
    const other = join(newFolder(), "other.json");
    put(other, new TextEncoder().encode('{"a": 1}'));
    await expect(Findings.open(other)).rejects.toThrow(InputError);
  });
});
