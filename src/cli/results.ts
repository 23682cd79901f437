import { rm } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../base/index.ts";
import { type FigureFormat, terminalTable, writeFigures } from "../figures/index.ts";
import { relativeTransfer } from "../metrics/index.ts";
import type { TrialFailure } from "../queue/index.ts";
import type { Row } from "../studies/index.ts";
import { readSavedBound } from "../theory/saved-bound.ts";
import { resultsFolder } from "./folders.ts";
import { complain, print, printJson } from "./output.ts";
import { typedLine } from "./resume-line.ts";
import { suspicions } from "./suspicions.ts";

export interface ResultsOptions {
  readonly study: string;
  readonly outDir: string;
  readonly formats?: readonly FigureFormat[];
  /** All of the study's: the file that tells of them goes when there are none. */
  readonly failures: readonly TrialFailure[];
  readonly json: boolean;
}

/** Writes a study's figures and tables, prints the table, the files, and what a reader must know. */
export async function writeResults(
  rows: readonly Row[],
  { study, outDir, formats, failures, json }: ResultsOptions,
): Promise<void> {
  const points = relativeTransfer(rows);
  const bound = (await readSavedBound(outDir)) ?? (await readSavedBound(resultsFolder(study)));
  const command = typedLine();
  const files = rows.length === 0 ? [] : await writeFigures(rows, { study, outDir, formats, bound, command });
  files.push(...(await writeFailures(outDir, failures)));
  if (json) {
    const suspicious = suspicions(rows, points, failures);
    return printJson({ event: "done", study, rows: rows.length, failed: failures.length, points, suspicious, files });
  }
  if (rows.length > 0) print(`\n${terminalTable(points)}`);
  // The table has the notes of its points already.
  for (const sentence of suspicions(rows, [], failures)) print(`! ${sentence}`);
  for (const file of files) print(file);
  if (rows.length === 0) complain(`${study}: no trial has finished, so there is nothing to draw`);
}

/** Failures with their stacks, in a file that goes when there are none. */
async function writeFailures(outDir: string, failures: readonly TrialFailure[]): Promise<string[]> {
  const path = join(outDir, "failures.json");
  if (failures.length === 0) {
    await rm(path, { force: true });
    return [];
  }
  await writeWhole(path, Buffer.from(`${JSON.stringify(failures, undefined, 2)}\n`));
  return [path];
}
