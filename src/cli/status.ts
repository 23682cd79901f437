import {
  type FailureLine,
  listFailures,
  listStudies,
  listTrials,
  listWorkers,
  type StudyLine,
  type TrialLine,
  type WorkerLine,
} from "../queue/index.ts";
import { knownStudy } from "../store/index.ts";
import { atStore } from "./open-place.ts";
import { columns, print, printJson } from "./output.ts";
import { trialLabel } from "./progress/board.ts";

interface Status {
  readonly studies: readonly StudyLine[];
  readonly running: readonly TrialLine[];
  readonly failures: readonly (FailureLine & { readonly study: string })[];
  readonly workers: readonly WorkerLine[];
  /** Every trial of the study that was named, with its id and where it stands. */
  readonly trials?: readonly TrialLine[];
}

/** Prints where studies stand. InputError for a study that is not known. */
export async function showStatus(
  study: string | undefined,
  { database, json = false }: { readonly database?: string; readonly json?: boolean },
): Promise<void> {
  const status = await atStore("status", database, async ({ database: sql }): Promise<Status> => {
    if (study !== undefined) await knownStudy(sql, study);
    const studies = await listStudies(sql, study);
    const running: TrialLine[] = [];
    const failures: (FailureLine & { study: string })[] = [];
    for (const { name, running: runs, failed } of studies) {
      if (runs > 0) running.push(...(await listTrials(sql, name, { states: ["running"] })));
      if (failed > 0) failures.push(...(await listFailures(sql, name)).map((failure) => ({ ...failure, study: name })));
    }
    const workers = (await listWorkers(sql)).filter(({ alive }) => alive);
    const trials = json && study !== undefined ? await listTrials(sql, study) : undefined;
    return { studies, running, failures, workers, trials };
  });
  if (json) return printJson(status);
  for (const block of [studyTable(status), runningTable(status), failureLines(status)]) if (block) print(block);
  const slots = status.workers.reduce((sum, worker) => sum + worker.slots, 0);
  print(`${status.workers.length} workers are there, for ${slots} trials at once`);
}

function studyTable({ studies }: Status): string {
  if (studies.length === 0) return "no study was run here yet";
  return columns(
    ["study", "trials", "done", "running", "queued", "waiting", "failed", "cancelled", ""],
    studies.map(({ name, trials, done, running, queued, waiting, failed, cancelled, paused }) => [
      name,
      ...[trials, done, running, queued, waiting, failed, cancelled].map(String),
      paused ? "paused" : "",
    ]),
  );
}

function runningTable({ running, workers }: Status): string {
  if (running.length === 0) return "";
  const of = (id: string | null) => workers.find((worker) => worker.id === id);
  return `\n${columns(
    ["running", "trial", "attempt", "stage", "on"],
    running.map(({ study, trial, attempts, stage, progress, workerId }) => [
      study,
      trialLabel(trial, true),
      String(attempts),
      [stage ?? "starting", progressText(progress)].join(" ").trim(),
      `${of(workerId)?.host ?? "?"} ${of(workerId)?.pid ?? ""}`.trim(),
    ]),
  )}`;
}

/** "epoch 3/20" of a step, "128/1000" of other progress. */
function progressText(progress: TrialLine["progress"]): string {
  if (progress === null || typeof progress !== "object" || Array.isArray(progress)) return "";
  const { epoch, epochs, done, of } = progress as Readonly<Record<string, unknown>>;
  if (epoch !== undefined) return `epoch ${epoch}/${epochs}`;
  return done === undefined ? "" : `${done}/${of}`;
}

function failureLines({ failures }: Status): string {
  return failures
    .map(({ study, trialId, attempts, message }) => {
      const tries = attempts > 1 ? ` ${attempts} times` : "";
      return `! ${study} ${trialId} failed${tries}: ${message}`;
    })
    .join("\n");
}
