import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Json, onDisk, readWhole } from "../base/index.ts";
import { type Row, rowSchema } from "../studies/row.ts";
import { trialSchema } from "../studies/trial.ts";
import type { SavedStudy } from "./studies.ts";

/**
 * The journal of an embedded store, `journal.jsonl` in its folder: each study and each row as it was recorded, one line
 * each, flushed to the disk before it is acknowledged. PGlite does not flush, so this is what a power loss leaves; the
 * database can be made again from it. A line is `{ sum, entry }`, where sum is the first 16 hex digits of the entry's
 * SHA-256.
 */
const entrySchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("study"),
    name: z.string(),
    definition: z.json().transform((definition) => definition as Json),
    trials: z.array(trialSchema),
  }),
  z.strictObject({ kind: z.literal("row"), study: z.string(), row: rowSchema }),
]);

export type JournalEntry = z.output<typeof entrySchema>;
export type RowEntry = Extract<JournalEntry, { kind: "row" }>;
export type StudyEntry = Extract<JournalEntry, { kind: "study" }>;

/** A row as the database has it, of whatever version of carryover. */
interface AnyRowEntry {
  readonly kind: "row";
  readonly study: string;
  readonly row: unknown;
}

export const rowEntry = (row: Row, study: string): RowEntry => ({ kind: "row", study, row });

/** One run's row: of a trial, by when it finished. */
export const keyOf = ({ trialId, finishedAt }: { trialId: string; finishedAt: string }): string =>
  `${trialId} ${finishedAt}`;

export const studyEntry = ({ name, definition, trials }: SavedStudy): StudyEntry => ({
  kind: "study",
  name,
  definition,
  trials: [...trials],
});

const journalFile = (folder: string): string => join(folder, "journal.jsonl");

const sumOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

/** Appends an entry; once the promise resolves it outlives a power loss. Several processes may append. */
export async function appendToJournal(folder: string, entry: JournalEntry | AnyRowEntry): Promise<void> {
  const path = journalFile(folder);
  const text = JSON.stringify(entry);
  await onDisk(path, async () => {
    const handle = await open(path, "a+");
    try {
      const line = `{"sum":"${sumOf(text)}","entry":${text}}\n`;
      // A line that was cut short by a crash must not swallow this one.
      await handle.appendFile((await endsCleanly(handle)) ? line : `\n${line}`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  });
}

async function endsCleanly(handle: Awaited<ReturnType<typeof open>>): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return true;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
}

export interface Journal {
  readonly entries: readonly JournalEntry[];
  /** The numbers, from 1, of lines that are cut short or changed. */
  readonly damaged: readonly number[];
  /** Of lines that are whole but of another version of carryover: the keys of their rows, and "" for anything else. */
  readonly foreign: readonly string[];
}

/** What the journal of a folder holds, damaged and foreign lines left out. */
export async function readJournal(folder: string): Promise<Journal> {
  const path = journalFile(folder);
  if (!existsSync(path)) return { entries: [], damaged: [], foreign: [] };
  const lines = Buffer.from(await readWhole(path))
    .toString()
    .split("\n");
  const entries: JournalEntry[] = [];
  const damaged: number[] = [];
  const foreign: string[] = [];
  for (const [i, line] of lines.entries()) {
    if (line === "") continue;
    const text = wholeText(line);
    if (text === undefined) {
      damaged.push(i + 1);
      continue;
    }
    const value: unknown = JSON.parse(text);
    const entry = entrySchema.safeParse(value);
    if (entry.success) entries.push(entry.data);
    else {
      const row = keyedRow.safeParse(value);
      foreign.push(row.success ? keyOf(row.data.row) : "");
    }
  }
  return { entries, damaged, foreign };
}

const keyedRow = z.object({ row: z.object({ trialId: z.string(), finishedAt: z.string() }) });

function wholeText(line: string): string | undefined {
  const [, sum, text = ""] = /^\{"sum":"([0-9a-f]{16})","entry":(.*)\}$/.exec(line) ?? [];
  return sum === sumOf(text) ? text : undefined;
}
