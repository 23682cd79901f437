import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStore, type Store } from "../../src/store/index.ts";
import { trialId } from "../../src/studies/trial.ts";
import { quickstartRows, rowOf, trialOf } from "../figures/fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "carryover-store-"));
let store: Store;
beforeAll(async () => {
  store = await openStore(join(folder, "made", "when needed"));
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const row = (seed: number, source = 0.5) => rowOf(trialOf([], seed), { source, robust: 0.1 + 0.2, target: 1 / 3 });

describe("the store", () => {
  test("gives back the rows that it was given, every number in full", async () => {
    const rows = quickstartRows();
    const trials = rows.map(({ trial }) => trial);
    await store.saveStudy({ name: "quickstart", definition: { strengths: [1, 2] }, trials });
    for (const each of rows.toReversed()) expect(await store.appendRow(each, "quickstart")).toBe(1);
    expect(await store.rowsOf("quickstart")).toEqual(rows);
    expect(await store.rowsOf(rows.slice(3, 5).map((each) => each.trialId))).toEqual(rows.slice(3, 5));
  });

  test("tells which trials are finished", async () => {
    const [done, open] = [trialOf([], 10), trialOf([], 11)].map((trial) => trialId(trial));
    await store.appendRow(row(10), "any");
    expect(await store.finishedTrials([done ?? "", open ?? ""])).toEqual(new Set([done]));
    expect(await store.finishedTrials([])).toEqual(new Set());
  });

  test("a row of a second run supersedes the first, which stays", async () => {
    const first = { ...row(20, 0.5), finishedAt: "2026-11-22T12:00:00.000Z" };
    const second = { ...row(20, 0.6), finishedAt: "2026-11-22T13:00:00.000Z" };
    expect(await store.appendRow(first, "again")).toBe(1);
    expect(await store.appendRow(second, "again")).toBe(2);
    expect(await store.rowsOf([first.trialId])).toEqual([second]);
    expect(await store.attemptsOf(first.trialId)).toEqual([first, second]);
  });

  test("a seed may be as large as a whole number can be", async () => {
    const large = row(Number.MAX_SAFE_INTEGER);
    await store.appendRow(large, "large");
    expect(await store.rowsOf([large.trialId])).toEqual([large]);
  });

  test("the same run's row given twice is recorded once", async () => {
    expect(await store.appendRow(row(30), "twice")).toBe(1);
    expect(await store.appendRow(row(30), "twice")).toBe(1);
    expect(await store.attemptsOf(row(30).trialId)).toHaveLength(1);
  });

  test("a study saved anew means its new trials; one row serves many studies", async () => {
    const trials = [40, 41, 42].map((seed) => trialOf([], seed));
    for (const seed of [40, 41, 42]) await store.appendRow(row(seed), "grows");
    await store.saveStudy({ name: "grows", definition: 1, trials: trials.slice(0, 1) });
    expect(await store.rowsOf("grows")).toHaveLength(1);
    await store.saveStudy({ name: "grows", definition: 2, trials: trials.toReversed() });
    expect((await store.rowsOf("grows")).map(({ trial }) => trial.seed)).toEqual([42, 41, 40]);
    await store.saveStudy({ name: "grows", definition: 1, trials: trials.slice(0, 1) });
    expect(await store.rowsOf("grows")).toHaveLength(1);
  });

  test("lists the studies with their progress", async () => {
    const trials = [50, 51].map((seed) => trialOf([], seed));
    await store.saveStudy({ name: "half done", definition: null, trials });
    await store.appendRow(row(50), "half done");
    expect(await store.studies()).toContainEqual({ name: "half done", trials: 2, finished: 1 });
  });

  test("an unknown study is an InputError that lists the known ones and the nearest", async () => {
    await store.saveStudy({ name: "quickstart", definition: null, trials: [] });
    await expect(store.rowsOf("quikstart")).rejects.toMatchObject({
      name: "InputError",
      message: expect.stringContaining('got "quikstart"; did you mean "quickstart"?'),
    });
  });

  test("a row whose id is not its trial's digest is refused", async () => {
    await expect(store.appendRow({ ...row(60), trialId: "0123456789abcdef" }, "any")).rejects.toThrow(
      "appendRow: expected",
    );
    expect(await store.attemptsOf("0123456789abcdef")).toEqual([]);
  });
});

test("a folder that cannot be made is one sentence that names the path", async () => {
  const file = join(folder, "a file");
  writeFileSync(file, "");
  await expect(openStore(join(file, "store"))).rejects.toMatchObject({
    name: "InputError",
    message: expect.stringContaining(file),
  });
  expect(existsSync(join(file, "store"))).toBe(false);
});
