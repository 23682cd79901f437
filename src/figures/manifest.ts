import { canonicalJson } from "../base/index.ts";
import { latestRows } from "../metrics/index.ts";
import type { Row } from "../studies/row.ts";
import { methodLabel } from "../studies/trial.ts";

export interface ManifestOptions {
  readonly study: string;
  /** What was typed, e.g. "carryover run quickstart"; undefined where a program asked. */
  readonly command: string | undefined;
  /** SHA-256 of each file written, by its name. */
  readonly files: Readonly<Record<string, string>>;
  readonly writtenAt: string;
}

/** Everything that is needed to say where the numbers come from and to make them again, as plain JSON. */
export function manifestOf(rows: readonly Row[], { study, command, files, writtenAt }: ManifestOptions) {
  const latest = latestRows(rows);
  return {
    study,
    command: command ?? null,
    writtenAt,
    environments: distinct(latest.map(({ environment }) => environment)),
    seeds: distinct(latest.map(({ trial }) => trial.seed)),
    files,
    trials: latest.map(({ trialId, trial, checkpoint, featuresDigest, finishedAt }) => ({
      id: trialId,
      methods: methodLabel(trial.methods),
      finishedAt,
      checkpoint,
      featuresDigest,
      config: trial,
    })),
  };
}

/** Different values, in the order of their canonical text. */
function distinct<T extends Parameters<typeof canonicalJson>[0]>(values: readonly T[]): T[] {
  const byText = new Map(values.map((value) => [canonicalJson(value), value]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
