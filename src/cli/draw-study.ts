import { InputError } from "../base/index.ts";
import type { FigureFormat } from "../figures/index.ts";
import { knownStudy } from "../store/index.ts";
import { resultsFolder } from "./folders.ts";
import { atStore } from "./open-place.ts";
import { writeResults } from "./results.ts";
import { failuresOf, studyName } from "./study-rows.ts";

export interface DrawRequest {
  readonly formats: readonly FigureFormat[] | undefined;
  readonly out: string | undefined;
  readonly database: string | undefined;
  readonly json: boolean;
}

/** Draws a study from the rows that are there, and tells of the trials that failed. InputError where there is no row. */
export async function drawStudy(study: string, { formats, out, database, json }: DrawRequest): Promise<void> {
  const name = await studyName(study);
  const { rows, failures } = await atStore("figure", database, async (store) => {
    await knownStudy(store.database, name);
    return { rows: await store.rowsOf(name), failures: await failuresOf(store.database, name) };
  });
  if (rows.length === 0)
    throw new InputError(
      `figure: expected a study with a finished trial, got none of "${name}" (carryover status ${name})`,
    );
  await writeResults(rows, { study: name, outDir: out ?? resultsFolder(name), formats, failures, json });
}
