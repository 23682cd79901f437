import { createHash } from "node:crypto";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { appendToJournal, type JournalEntry, readJournal } from "../../src/store/journal.ts";
import { newFolder } from "../datasets/samples.ts";
import { rowOf, trialOf } from "../figures/fixture.ts";

const study = (name: string): JournalEntry => ({ kind: "study", name, definition: { a: 1 }, trials: [trialOf([], 1)] });
const row: JournalEntry = {
  kind: "row",
  study: "one",
  row: rowOf(trialOf([], 1), { source: 0.5, robust: 0.1 + 0.2, target: 1 / 3 }),
};

async function journalOf(...entries: readonly JournalEntry[]) {
  const folder = newFolder();
  for (const entry of entries) await appendToJournal(folder, entry);
  return { folder, file: join(folder, "journal.jsonl") };
}

test("a folder without a journal has no entries and no damage", async () => {
  expect(await readJournal(newFolder())).toEqual({ entries: [], damaged: [], foreign: [] });
});

test("entries come back as they were given, one line each, with the first 16 digits of their SHA-256", async () => {
  const { folder, file } = await journalOf(study("one"), row, study("two"));
  expect(await readJournal(folder)).toEqual({ entries: [study("one"), row, study("two")], damaged: [], foreign: [] });
  const lines = readFileSync(file, "utf8").split("\n");
  expect(lines).toHaveLength(4);
  expect(lines[3]).toBe("");
  for (const line of lines.slice(0, 3)) {
    const [, sum, entry = ""] = /^\{"sum":"(.*?)","entry":(.*)\}$/.exec(line) ?? [];
    expect(sum).toBe(createHash("sha256").update(entry).digest("hex").slice(0, 16));
  }
});

test("a line that a crash cut short is left out, and does not swallow the next one", async () => {
  const { folder, file } = await journalOf(study("one"), study("two"));
  const whole = readFileSync(file, "utf8");
  writeFileSync(file, whole.slice(0, -30));
  await appendToJournal(folder, study("three"));
  expect(await readJournal(folder)).toEqual({ entries: [study("one"), study("three")], damaged: [2], foreign: [] });
  // A whole line whose line break alone is missing is not lost.
  writeFileSync(file, whole.slice(0, -1));
  await appendToJournal(folder, study("three"));
  expect(await readJournal(folder)).toEqual({
    entries: [study("one"), study("two"), study("three")],
    damaged: [],
    foreign: [],
  });
});

test("the numbers of damaged lines are told, from 1; empty lines are none", async () => {
  const { folder, file } = await journalOf(study("one"), study("two"));
  writeFileSync(file, readFileSync(file, "utf8").replace('"name":"one"', '"name":"ONE"'));
  appendFileSync(file, "\nnot even JSON\n");
  expect(await readJournal(folder)).toEqual({ entries: [study("two")], damaged: [1, 4], foreign: [] });
});

test("a whole line of another version of carryover is told apart from a damaged one, by its row", async () => {
  const { folder, file } = await journalOf(study("one"));
  const strange = (entry: object) => {
    const text = JSON.stringify(entry);
    const sum = createHash("sha256").update(text).digest("hex").slice(0, 16);
    appendFileSync(file, `{"sum":"${sum}","entry":${text}}\n`);
  };
  strange({ kind: "row", study: "one", row: { trialId: "t", finishedAt: "f", fromLater: 1 } });
  strange({ kind: "something" });
  await appendToJournal(folder, row);
  expect(await readJournal(folder)).toEqual({ entries: [study("one"), row], damaged: [], foreign: ["t f", ""] });
});
