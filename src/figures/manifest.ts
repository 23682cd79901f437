import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { canonicalJson } from "../base/index.ts";
import { latestRows } from "../metrics/index.ts";
import type { Row } from "../studies/row.ts";
import { methodLabel } from "../studies/trial.ts";

export interface ManifestOptions {
  readonly study: string;
  /** What was typed, e.g. "carryover run quickstart". */
  readonly command: string;
  /** SHA-256 of each file written, by its name. */
  readonly files: Readonly<Record<string, string>>;
  readonly git: GitState | undefined;
  readonly writtenAt: string;
}

export interface GitState {
  readonly commit: string;
  /** There were changes that no commit holds. */
  readonly changed: boolean;
}

/** Everything that is needed to say where the numbers come from and to make them again, as plain JSON. */
export function manifestOf(rows: readonly Row[], { study, command, files, git, writtenAt }: ManifestOptions) {
  const latest = latestRows(rows);
  return {
    study,
    command,
    writtenAt,
    git: git ?? null,
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

/** The commit of the working folder; undefined where there is no git or no repository. */
export async function gitState(folder: string): Promise<GitState | undefined> {
  const git = async (...words: string[]) =>
    (await promisify(execFile)("git", words, { cwd: folder, timeout: 5000 })).stdout.trim();
  try {
    const commit = await git("rev-parse", "HEAD");
    return { commit, changed: (await git("status", "--porcelain", "--untracked-files=no")) !== "" };
  } catch {
    return undefined; // a manifest without a commit says so itself: "git": null
  }
}
