import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import {
  applyOverrides,
  builtInStudies,
  checkSizes,
  checkStudy,
  expandStudy,
  loadStudy,
} from "../../src/studies/index.ts";

const folder = mkdtempSync(join(tmpdir(), "carryover-studies-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function studyFile(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("loadStudy", () => {
  it.each(Object.keys(builtInStudies))("%s is found by name, and everything that it names is there", async (name) => {
    const study = await loadStudy(name);
    expect(study.name).toBe(name);
    expect(() => checkStudy(study, [])).not.toThrow();
  });

  const examples = fileURLToPath(new URL("../../examples", import.meta.url));
  it.each(readdirSync(examples).filter((name) => name.endsWith(".study.ts")))(
    "examples/%s can be run",
    async (name) => {
      const study = await loadStudy(join(examples, name));
      expect(() => checkStudy(study, [])).not.toThrow();
      expect(expandStudy(study).length).toBeGreaterThan(1);
    },
  );

  const cases: [name: string, text: string, sentence: string | RegExp][] = [
    [
      "empty.study.ts",
      "export {};",
      'study file empty.study.ts: expected "export default defineStudy({ ... })", got no default export',
    ],
    ["number.study.ts", "export default 3;", "study file number.study.ts: expected an object, got 3"],
    [
      "thrown.study.ts",
      "throw new TypeError('no');",
      "study file thrown.study.ts: expected a module that loads, got TypeError: no",
    ],
    ["syntax.study.ts", "export default {", /^study file syntax.study.ts: expected a module that loads, got [^\n]+$/],
    [
      "key.study.mjs",
      "export default { name: 'x', pairs: [], mehtods: [] };",
      /^study file key.study.mjs: key: expected one of name, [^\n]+, precision, got "mehtods"; did you mean "methods"\?$/,
    ],
    [
      "name.study.ts",
      "export default { name: 'My Study' };",
      /^study file name.study.ts: name: expected lower-case letters, digits and hyphens, such as my-study, got "My Study"$/,
    ],
  ];
  it.each(cases)("%s is refused in one sentence", async (name, text, sentence) => {
    const matching = typeof sentence === "string" ? sentence : expect.stringMatching(sentence);
    await expect(loadStudy(studyFile(name, text))).rejects.toMatchObject({ name: "InputError", message: matching });
  });
});

describe("checkSizes", () => {
  const sizes: Record<string, number> = {
    "cifar10 train": 50_000,
    "cifar10 test": 10_000,
    "mnist train": 1400,
    "mnist test": 999,
  };
  const of = (change: object) => async () => {
    const words = { "target.train": 900, "target.validation": 500, "target.test": 999, ...change };
    const study = applyOverrides(
      await loadStudy("quickstart"),
      Object.entries(words).map(([key, value]) => `${key}=${value}`),
    );
    checkSizes(study, ({ dataset, split }) => ({ images: sizes[`${dataset} ${split}`] ?? 0, classes: 10 }));
  };

  it("takes what there is, to the last example", async () => {
    const most = { "attack.examples": 1000, batch: 3000, "transfer.protocol": "few-shot" };
    await expect(of({ ...most, "transfer.draws": 1, "transfer.perClass": 90 })()).resolves.toBeUndefined();
  });

  const refused: [object, string][] = [
    [
      { "target.train": 901 },
      "target: expected train + validation of at most 1400, as many as mnist has to train with, got 901 + 500",
    ],
    [{ "target.test": 1000 }, "target: expected test of at most 999, as many as mnist has, got 1000"],
    [{ "attack.examples": 1001 }, "attack.examples: expected at most 1000, as many as the source tests on, got 1001"],
    [{ batch: 3001 }, "schedule.batch: expected at most 3000, as many as the source trains on, got 3001"],
    [
      { "transfer.protocol": "few-shot", "transfer.draws": 1, "transfer.perClass": 91 },
      "transfer.perClass: expected at most 90, for 900 training images of 10 classes in mnist, got 91",
    ],
  ];
  it.each(refused)("refuses %o before anything is trained", async (change, sentence) => {
    await expect(of(change)()).rejects.toMatchObject({
      name: "InputError",
      message: `study "quickstart": ${sentence}`,
    });
  });
});
