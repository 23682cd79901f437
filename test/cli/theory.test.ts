import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { tinyDataFolder } from "../studies/tiny-data.ts";
import { workplace } from "./carryover.ts";

// Processes of their own, which a busy machine lets wait.
vi.setConfig({ testTimeout: 240_000 });

const tiny = ["source.train=40", "source.validation=10", "source.test=30", "target.train=40", "target.validation=10"];
const settings = [
  ...tiny,
  "target.test=40",
  "epochs=4",
  "batch=8",
  "attack.steps=2",
  "attack.examples=20",
  "attack.health=false",
];
const study = ["methods=jr", "strengths.jr=0.01", "seeds=2", "attack.target=false", ...settings];

describe("the theory and the claims of a study that was really run", () => {
  const place = workplace();
  const data = tinyDataFolder();
  const real = { real: true };
  const json = async (...words: string[]) => {
    const { code, stdout, stderr } = await place.run([...words, "--json"], real);
    expect([code, stderr.includes("Error")], stderr).toEqual([0, false]);
    return JSON.parse(stdout);
  };
  const file = (name: string) => join(place.folder, "results", "quickstart", name);

  beforeAll(async () => {
    const words = ["run", "quickstart", "--data", data, "--workers", "1", "--no-serve"];
    const { code, stderr } = await place.run([...words, ...study.flatMap((each) => ["--set", each])], real);
    expect(code, stderr).toBe(0);
  }, 300_000);
  afterAll(() => place.remove());

  test("theory bound: tau <= d for each model, d the largest difference; the study's figure has the line", async () => {
    const before = readFileSync(file("figure.svg"), "utf8");
    const bound = await json("theory", "bound", "quickstart", "--examples", "30", "--data", data);
    expect(bound.points).toHaveLength(4);
    expect(bound.n).toEqual({ source: 30, target: 30 });
    expect(bound.d).toBe(Math.max(...bound.points.map(({ difference }: { difference: number }) => difference)));
    for (const { tau, slack, holds, sourceLoss, bestSource, bestTarget, difference } of bound.points) {
      expect(holds).toBe(true);
      expect(slack).toBeCloseTo(bound.d - tau, 12);
      expect(tau).toBeCloseTo(bestTarget.loss - sourceLoss, 12);
      expect(difference).toBeCloseTo(Math.abs(bestSource.loss - bestTarget.loss), 12);
      expect(bestSource.loss - bestSource.gap).toBeLessThanOrEqual(sourceLoss);
    }
    const line = `d ≥ ${bound.d.toFixed(3)} nats`;
    expect(before).not.toContain(line);
    expect(readFileSync(file("figure.svg"), "utf8")).toContain(line);
    expect(readFileSync(file("theory.md"), "utf8")).toContain("slack d - tau");
    expect(JSON.parse(readFileSync(file("manifest.json"), "utf8")).command).toMatch(
      /^carryover theory bound quickstart/,
    );
    const drawn = await place.run(["figure", "quickstart", "--format", "svg", "--out", "again"], real);
    expect(drawn.code).toBe(0);
    expect(readFileSync(join(place.folder, "again", "figure.svg"), "utf8")).toContain(line);
  });

  test("--artifacts: models that are kept elsewhere are found there, by a study's name and by a trial's id", async () => {
    const work = join(place.folder, ".carryover", "work");
    renameSync(work, join(place.folder, "elsewhere"));
    try {
      const words = ["--artifacts", "elsewhere", "--data", data];
      const { points } = await json("theory", "bound", "quickstart", "--examples", "20", "--seed", "0", ...words);
      expect(points).toHaveLength(2);
      const [{ id }] = points;
      const exported = await json("export-model", id, "--artifacts", "elsewhere");
      expect(exported).toMatchObject({ file: `${id}.onnx`, model: "small-cnn" });
      const { code, stderr } = await place.run(["attack", id, "--data", data], real);
      expect([code, stderr]).toEqual([2, expect.stringContaining("it is kept elsewhere (--artifacts)")]);
      const looked = await place.run(
        ["theory", "augmentation", "noise", "--study", "quickstart", "--data", data],
        real,
      );
      expect([looked.code, looked.stdout]).toEqual([2, ""]);
      expect(looked.stderr).toContain(
        'theory augmentation: expected the trained models of study "quickstart", got none',
      );
    } finally {
      renameSync(join(place.folder, "elsewhere"), work);
    }
  });

  test("theory bound --seed: the models of that seed alone, and no others is one sentence", async () => {
    const { points } = await json("theory", "bound", "quickstart", "--examples", "20", "--seed", "1", "--data", data);
    expect(points.map(({ label }: { label: string }) => label)).toEqual(["vanilla, seed 1", "jr 0.01, seed 1"]);
    const { code, stderr } = await place.run(["theory", "bound", "quickstart", "--seed", "7", "--data", data], real);
    expect([code, stderr]).toEqual([2, expect.stringContaining("expected trials of --seed 7, got none")]);
  });

  test("theory augmentation: each vanilla model at each strength, total = variance + bias", async () => {
    const words = ["--study", "quickstart", "--n", "12", "--draws", "2", "--strength", "0.05,0.2", "--data", data];
    const { findings, paper } = await json("theory", "augmentation", "noise", ...words);
    expect(paper).toBe(null);
    expect(findings.map(({ model, strength }: { model: string; strength: number }) => [model, strength])).toEqual([
      ["vanilla, seed 0", 0.05],
      ["vanilla, seed 0", 0.2],
      ["vanilla, seed 1", 0.05],
      ["vanilla, seed 1", 0.2],
    ]);
    for (const { effect } of findings) {
      expect(effect.variance.value).toBeGreaterThan(0);
      expect(effect.total.value).toBeCloseTo(effect.variance.value + effect.bias.value, 12);
    }
  });

  test("claims: a ruling for each claim, in the three files too; what two seeds leave open is told", async () => {
    const { verdicts, warnings, files } = await json("claims", "quickstart", "--data", data);
    expect(verdicts.length).toBeGreaterThanOrEqual(3);
    for (const { ruling } of verdicts) expect(ruling).toMatch(/^(supported|contradicted|undecided)$/);
    expect(warnings).toContainEqual(expect.stringContaining("--set seeds=3"));
    expect(files).toHaveLength(3);
    for (const { claim } of verdicts) expect(readFileSync(file("claims.md"), "utf8")).toContain(claim);
    expect(existsSync(file("claims.html"))).toBe(true);
  });

  test("a theory.json of something else is one sentence, not a figure without its line", async () => {
    writeFileSync(file("theory.json"), "{}");
    const { code, stderr } = await place.run(["figure", "quickstart"], real);
    expect([code, stderr]).toEqual([2, expect.stringContaining("expected what carryover theory bound writes")]);
  });
});

describe("theory augmentation of a linear model", () => {
  const place = workplace();
  afterAll(() => place.remove());
  test("noise has the closed form beside its variance", async () => {
    const words = ["theory", "augmentation", "noise", "--n", "30", "--draws", "8", "--strength", "0.01"];
    const { code, stdout } = await place.run([...words, "--data", tinyDataFolder(), "--json"], { real: true });
    expect(code).toBe(0);
    const [{ effect, closedForm, model }] = JSON.parse(stdout).findings;
    expect(model).toBe("linear (ridge)");
    // Clipping at 0 and 1 only ever takes noise away.
    expect(effect.variance.value).toBeLessThan(1.1 * closedForm);
    expect(effect.variance.value).toBeGreaterThan(0);
  });
});

describe("what cannot be judged is one sentence, with code 2", () => {
  const place = workplace();
  afterAll(() => place.remove());
  const refused = async (words: readonly string[], sentence: string) => {
    const { code, stderr, stdout } = await place.run(words);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.trim().split("\n").at(-1)).toContain(sentence);
    expect(stderr).not.toContain("    at ");
  };
  const run = (...sets: string[]) =>
    place.run(["run", "quickstart", "--no-serve", "--workers", "1", ...sets.flatMap((each) => ["--set", each])]);

  test.each([
    [["theory", "augmentation", "blurr"], 'did you mean "blur"?'],
    [["theory", "augmentation", "blur", "--draws", "1"], "--draws: expected at least 2, got 1"],
    [["theory", "augmentation", "blur", "--strength", "3,x"], '--strength: expected numbers such as 3,7, got "3,x"'],
    [["theory", "bound", "quickstart", "--examples", "0"], "--examples: expected"],
    [["theory", "bound", "quickstart", "--seed", "-1"], "--seed: expected a whole number from 0 to 999999999"],
    [["theory", "counterexample", "quickstart"], "theory counterexample"],
    [["theory", "bound"], "study"],
    [["claims", "quickstart"], "expected a study that was run in this folder, got none"],
  ])("%j", (words, sentence) => refused(words, sentence));

  test("no vanilla: DT Acc is refused", async () => {
    place.tell("throw", "0-vanilla");
    await run("methods=jr", "seeds=1");
    for (const words of [
      ["claims", "quickstart"],
      ["theory", "bound", "quickstart"],
    ])
      await refused(words, "expected a vanilla trial that learnt something");
    await refused(["theory", "augmentation", "blur", "--study", "quickstart"], "expected a vanilla trial");
    place.forget("throw", "0-vanilla");
  });

  test("one seed, one strength: nothing is decided, and it says what to add", async () => {
    await run("methods=jr", "strengths.jr=0.01", "seeds=1");
    const { code, stdout } = await place.run(["claims", "quickstart", "--json"]);
    expect(code).toBe(0);
    const { verdicts, warnings } = JSON.parse(stdout);
    expect(verdicts.map(({ ruling }: { ruling: string }) => ruling)).toEqual(verdicts.map(() => "undecided"));
    expect(warnings).toEqual([
      "one seed gives no interval and no test, so nothing can be decided; add seeds, as --set seeds=3",
      "jr has one strength, which is no trend; add strengths, as --set strengths.jr=a,b,c",
    ]);
  });

  test("models that are kept elsewhere, or were deleted since: where they were looked for, and what to do", () =>
    refused(
      ["theory", "bound", "quickstart", "--artifacts", "elsewhere"],
      `got none in ${join("elsewhere", "stages")}: they are kept elsewhere (--artifacts), or were deleted since (run it again)`,
    ));

  test("trials of two pairs are refused", async () => {
    const index = fileURLToPath(new URL("../../src/index.ts", import.meta.url));
    const side = (dataset: string) => ({ dataset, train: 100, validation: 50, test: 50 });
    const pairs = ["svhn", "mnist"].map((target) => ({ source: side("cifar10"), target: side(target) }));
    writeFileSync(
      join(place.folder, "two.study.ts"),
      `import { defineStudy } from ${JSON.stringify(index)};
       export default defineStudy({ name: "two", pairs: ${JSON.stringify(pairs)}, model: "small-cnn", methods: ["jr"],
         schedule: { epochs: 1, batch: 32, learningRate: 0.05 }, seeds: 1 });`,
    );
    const { code, stderr } = await place.run(["run", "two.study.ts", "--no-serve", "--workers", "1"]);
    expect(code, stderr).toBe(0);
    for (const words of [
      ["claims", "two"],
      ["theory", "bound", "two"],
    ])
      await refused(words, "expected trials of one pair, model and protocol, got 2 kinds: cifar10");
  });
});

describe("theory counterexample", () => {
  const place = workplace();
  afterAll(() => place.remove());
  test("prints the numbers with the derivation, and draws the picture", async () => {
    const { code, stdout } = await place.run(["theory", "counterexample", "--out", "here"]);
    expect(code).toBe(0);
    for (const words of ["100.0 %", "50.0 %", "tau = 1 - 0. Not sufficient", "tau = 0."])
      expect(stdout).toContain(words);
    const picture = stdout.match(/^.*\.svg$/m)?.[0] ?? "";
    expect(readFileSync(join(place.folder, picture), "utf8")).toMatch(/^<svg/);
  });
});
