import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { builtInStudies, checkStudy, expandStudy, sourceStageId } from "../../src/studies/index.ts";

const trialsOf = (name: string) => {
  const study = builtInStudies[name];
  if (!study) throw new Error(`no study ${name}`);
  return expandStudy(study);
};

const sourceModels = (name: string) => new Set(trialsOf(name).map(sourceStageId)).size;

describe("the studies of other papers", () => {
  test("salman2020 is ten radii x two targets x two ways of transfer, of ten source models", () => {
    const trials = trialsOf("salman2020");
    expect(trials).toHaveLength(10 * 2 * 2);
    expect(sourceModels("salman2020")).toBe(10);
    expect(new Set(trials.map(({ transfer }) => transfer.protocol))).toEqual(new Set(["frozen", "full"]));
    const radii = new Set(trials.map(({ methods }) => methods[0]?.strength ?? 0));
    expect([...radii]).toEqual([0, 0.01, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 3, 5]);
    for (const { methods } of trials)
      if (methods[0]) expect(methods[0].options).toEqual({ steps: 3, randomStart: false });
  });

  test("utrera2021 is four sources x five targets x five sizes x five depths x three seeds", () => {
    expect(trialsOf("utrera2021")).toHaveLength(4 * 5 * 5 * 5 * 3);
    expect(sourceModels("utrera2021")).toBe(4 * 3);
    const depths = new Set(trialsOf("utrera2021").map(({ transfer }) => transfer.blocks ?? transfer.protocol));
    expect([...depths]).toEqual(["frozen", 1, 3, 9, "full"]);
  });

  test("ways of transfer come one after the other within a seed, so that source models are there", () => {
    const first = trialsOf("salman2020-small").slice(0, 6);
    expect(first.map(({ transfer }) => transfer.protocol)).toEqual([
      "frozen",
      "frozen",
      "frozen",
      "full",
      "full",
      "full",
    ]);
  });
});

test("docs/protocols.md says how many trials each has", () => {
  const page = readFileSync(new URL("../../docs/protocols.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `([a-z0-9-]+)` \|.*\| (\d+) \|$/gm)];
  expect(rows.length).toBe(6);
  for (const [, name = "", count] of rows) expect([name, trialsOf(name).length]).toEqual([name, Number(count)]);
});

test("more blocks than the model has are told before any work", () => {
  const study = builtInStudies["utrera2021-small"];
  if (!study) throw new Error("no study");
  const deep = {
    ...study,
    transfer: study.transfer.map((way) => ({ ...way, protocol: "partial" as const, blocks: 12 })),
  };
  expect(() => checkStudy(deep, [])).toThrow('study "utrera2021-small": transfer: blocks: expected 1 to 9');
});
