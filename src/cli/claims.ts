import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../base/index.ts";
import { claimsMarkdown, claimsPage, claimsTables, type Judgement, judge } from "../claims/index.ts";
import { measurePredictors } from "../metrics/index.ts";
import type { Row } from "../studies/index.ts";
import { rowSchema } from "../studies/row.ts";
import { predictorData } from "../studies/run-trial.ts";
import { resultsFolder } from "./folders.ts";
import type { TrainedPlaces } from "./options.ts";
import { columns, complain, print, printJson } from "./output.ts";
import { rowsOfStudy, trainedTrial } from "./study-rows.ts";

export interface ClaimsRequest extends TrainedPlaces {
  readonly out?: string;
  readonly json?: boolean;
}

/** Judges a study: prints the tables, and writes claims.md, claims.html and claims.json. */
export async function claimsOfStudy(study: string, { out, json = false, ...places }: ClaimsRequest): Promise<void> {
  const { name, rows } = await rowsOfStudy("claims", study, places.database);
  // Bad input is told before anything is computed.
  judge(rows);
  const outDir = out ?? resultsFolder(name);
  const judgement = judge(await withPredictors(rows, outDir, places));
  const contents = {
    "claims.md": claimsMarkdown(judgement, name),
    "claims.html": claimsPage(judgement, name),
    "claims.json": `${JSON.stringify(plain(judgement), undefined, 2)}\n`,
  };
  const files = Object.keys(contents).map((file) => join(outDir, file));
  for (const [file, text] of Object.entries(contents)) await writeWhole(join(outDir, file), Buffer.from(text));
  if (json) return printJson({ study: name, ...plain(judgement), files });
  for (const { title, header, lines, notes } of claimsTables(judgement)) {
    print(`\n${title}\n`);
    // Evidence is prose: it stands below its claim rather than in a column.
    if (header.includes("evidence"))
      for (const [claim, ruling, evidence] of lines) print(`${ruling?.toUpperCase()}  ${claim}\n    ${evidence}`);
    else print(columns(header, lines));
    for (const note of notes) print(`  ${note}`);
  }
  for (const file of files) print(file);
}

/** The judgement without the rows that it rests on. */
function plain({ family, ...rest }: Judgement) {
  const text = JSON.stringify({ seeds: family.seeds, collapsed: family.collapsed, ...rest }, (key, value) =>
    key === "rows" ? undefined : value,
  );
  return JSON.parse(text);
}

/**
 * Rows with the predictors that older ones lack, measured from their checkpoints and kept in predictors.json beside the
 * results. Where a checkpoint is gone the row stays as it is, and predictors are left out of the ranking.
 */
async function withPredictors(rows: readonly Row[], outDir: string, places: TrainedPlaces): Promise<Row[]> {
  const lacking = rows.filter((row) => row.predictors === undefined);
  if (lacking.length === 0) return [...rows];
  const path = join(outDir, "predictors.json");
  const known: Record<string, unknown> = existsSync(path) ? JSON.parse(await readFile(path, "utf8")) : {};
  const missing = lacking.filter(({ trialId }) => !Object.hasOwn(known, trialId));
  for (const [i, row] of missing.entries()) {
    if (i % 10 === 0)
      complain(`claims: measuring predictors of ${i} of ${missing.length} trials from their checkpoints`);
    const trained = await trainedTrial(row, places);
    if (!trained) continue;
    const { model, parameters, source, target } = trained;
    known[row.trialId] = await measurePredictors(model, parameters, predictorData(source, target), {
      seed: row.trial.seed,
    });
  }
  await writeWhole(path, Buffer.from(`${JSON.stringify(known)}\n`));
  return rows.map((row) => {
    const found = rowSchema.shape.predictors.safeParse(known[row.trialId]);
    return row.predictors === undefined && found.success ? { ...row, predictors: found.data } : row;
  });
}
