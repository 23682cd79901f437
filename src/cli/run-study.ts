import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import {
  askFor,
  listStudies,
  liveJobs,
  openQueue,
  type Queue,
  setPriority,
  type TrialFailure,
  tidyLine,
  unpause,
  work,
} from "../queue/index.ts";
import { openStore, type Store } from "../store/index.ts";
import {
  applyOverrides,
  checkStudy,
  expandStudy,
  isStudyPath,
  loadStudy,
  type Study,
  type Trial,
  trialId,
  withStrengths,
} from "../studies/index.ts";
import { checkDevice, checkPrecision, type DeviceName } from "./device-probe.ts";
import { type Folders, foldersFor, resultsFolder, storeFolder, workFolder } from "./folders.ts";
import { catchInterrupt, tellOfInterrupt } from "./interrupt.ts";
import { exitCodes, type Launch } from "./launch.ts";
import { complain, printJson } from "./output.ts";
import { prepareData } from "./prepare-data.ts";
import { downloadReporter } from "./progress/downloads.ts";
import { createReporter } from "./progress/reporter.ts";
import { writeResults } from "./results.ts";
import { resumeLine } from "./resume-line.ts";
import { runDashboard } from "./run-dashboard.ts";
import { failuresOf } from "./study-rows.ts";
import { version } from "./version.ts";

/** What `carryover run` was asked. */
export interface RunRequest {
  readonly study: string;
  readonly set: readonly string[];
  readonly workers: number | undefined;
  readonly device: DeviceName;
  /** A PostgreSQL's URL; the folder .carryover when there is none. */
  readonly database: string | undefined;
  /** Where source models and checkpoints are kept. */
  readonly artifacts: string | undefined;
  readonly priority: number | undefined;
  readonly out: string | undefined;
  readonly data: readonly string[];
  readonly skipCorrupt: boolean;
  readonly fresh: boolean;
  readonly serve: boolean;
  /** The dashboard's; undefined takes the first that is free. */
  readonly port: number | undefined;
  readonly json: boolean;
  /** The words of the command line, for the line that continues the run. */
  readonly argv: readonly string[];
}

/** A run's parts as they come together. */
interface Run {
  readonly request: RunRequest;
  readonly launch: Launch;
  readonly study: Study;
  readonly trials: readonly Trial[];
  readonly folders: Folders;
  readonly store: Store;
  readonly queue: Queue;
  readonly signal: AbortSignal;
}

/** The folders of --data, then, for a study that is a file, its own folder: datasets of one's own may lie beside it. */
function withOwnFolder({ study, data }: RunRequest): readonly string[] {
  return isStudyPath(study) ? [...data, dirname(resolve(study))] : data;
}

/** Runs what a study lacks, then writes its figures and tables. Returns the exit code. */
export async function runStudy(request: RunRequest, launch: Launch): Promise<number> {
  const study = applyOverrides(await loadStudy(request.study), request.set);
  const folders = foldersFor(withOwnFolder(request), request.skipCorrupt);
  checkStudy(study, folders.dataDirs);
  const trials = expandStudy(study);
  const store = await openStore(request.database ?? storeFolder);
  const interrupt = catchInterrupt();
  try {
    for (const note of store.notes) complain(note);
    const queue = await openQueue(store.database, {
      shared: !store.embedded,
      watch: true,
      heartbeatSeconds: launch.heartbeatSeconds,
    });
    try {
      const run = { request, launch, study, trials, folders, store, queue, signal: interrupt.signal };
      const { failures, left, cancelled } = await runMissing(run);
      if (left + cancelled > 0) return unfinished(request, launch, left === 0 ? cancelled : 0);
      const outDir = request.out ?? resultsFolder(study.name);
      await writeResults(await store.rowsOf(study.name), { study: study.name, outDir, failures, json: request.json });
      return failures.length > 0 ? exitCodes.ourFault : exitCodes.done;
    } finally {
      await queue.close();
    }
  } finally {
    interrupt.dispose();
    await store.close();
  }
}

function unfinished({ argv, json }: RunRequest, { entry }: Launch, cancelled: number): number {
  const resume = resumeLine(argv, entry);
  complain(`${cancelled > 0 ? `${cancelled} trials were cancelled` : "Interrupted"}. To go on: ${resume}`);
  if (json) printJson({ event: cancelled > 0 ? "cancelled" : "interrupted", resume });
  return exitCodes.interrupted;
}

interface Outcome {
  readonly failures: readonly TrialFailure[];
  /** How many trials were neither finished nor failed when an interruption stopped the run. */
  readonly left: number;
  /** How many were taken out of line by someone. */
  readonly cancelled: number;
}

const nothing: Outcome = { failures: [], left: 0, cancelled: 0 };

/** Runs the trials that have no row yet, recording each row as it comes. */
async function runMissing(run: Run): Promise<Outcome> {
  const { request, launch, study, trials, store, queue, signal } = run;
  const { name } = study;
  const workDir = request.artifacts ?? workFolder;
  const finished = await store.finishedTrials(trials.map(trialId));
  const wanted = request.fresh || finished.size < trials.length || (await liveJobs(store.database, name)) > 0;
  if (wanted) {
    await checkDevice(request.device);
    await checkPrecision(study, request.device);
    if (!launch.withoutData) await fetchData(run);
  }
  // A run that was refused leaves the study of its name as it was.
  await store.saveStudy({ name, definition: withStrengths(study), trials });
  await tidyLine(queue, name);
  if (!wanted) return nothing;
  await unpause(store.database, name);
  if (request.priority !== undefined) await setPriority(store.database, name, request.priority);
  await askFor(queue, name, { fresh: request.fresh, anew: request.fresh });
  const asked = await liveJobs(store.database, name);
  if (signal.aborted || asked === 0) return { ...nothing, left: asked };
  const slots = Math.min(request.workers ?? availableParallelism(), asked);
  await workOn(run, { asked, slots, workDir });
  const failures = await failuresOf(store.database, name);
  const [now] = await listStudies(store.database, name);
  return { failures, left: await liveJobs(store.database, name), cancelled: now?.cancelled ?? 0 };
}

/** Takes part in the study until nothing of it is in line any more, here or elsewhere. */
async function workOn(
  { request, launch, study, trials, folders, store, queue, signal }: Run,
  { asked, slots, workDir }: { readonly asked: number; readonly slots: number; readonly workDir: string },
): Promise<void> {
  const { name } = study;
  const reporter = createReporter({
    study: name,
    total: trials.length,
    done: trials.length - asked,
    workers: slots,
    severalSettings: study.pairs.length * study.transfer.length > 1,
    json: request.json,
  });
  let engine: string | undefined;
  const tellOfEngine = (used: string) => {
    if (engine !== undefined && used !== engine)
      reporter.note(`Computed by ${used} now, after ${engine}.`, { event: "engine", before: engine, now: used });
    engine = used;
  };
  const dashboard = request.serve
    ? runDashboard({
        ...{ study: name, workers: slots, store, queue, folders, workDir },
        ...{ port: request.port, reporter, signal },
      })
    : undefined;
  let paused = false;
  let told = "";
  const finished = async (): Promise<boolean> => {
    const [now] = await listStudies(store.database, name);
    const standing = now
      ? `${now.done} of ${now.trials} trials done, ${now.running} running, ${now.failed} failed`
      : "";
    if (now && slots === 0 && standing !== told) {
      const { done, running, failed, trials: of } = now;
      reporter.note(`On workers elsewhere: ${standing}`, { event: "elsewhere", done, running, failed, of });
    }
    told = standing;
    if (now?.paused && !paused)
      reporter.note(`${name} pauses; carryover continue ${name} lets it go on`, { event: "paused" });
    paused = now?.paused ?? false;
    // A trial whose workers were lost too often counts as failed before its job has ended.
    return (await liveJobs(store.database, name)) === 0;
  };
  const { device } = request;
  const context = { ...folders, workDir, device, threads: 1 };
  const { runner } = launch;
  const pollMs = store.embedded ? 250 : 1000;
  const all = async () => {
    const events = work({
      ...{ store, queue, slots, studies: [name], runner, context, device, version: version() },
      ...{ signal, finished, pollMs },
    });
    for await (const event of events) {
      if (event.kind === "told") reporter.note(event.message, { event: "note" });
      else {
        if (event.kind === "finished") tellOfEngine(event.row.environment.engine);
        reporter.event(event);
        dashboard?.event(event);
      }
    }
  };
  try {
    await tellOfInterrupt(signal, (sentence) => reporter.note(sentence, { event: "stopping" }), all);
  } finally {
    await dashboard?.close();
    reporter.end();
  }
}

async function fetchData({ request, study, folders, signal }: Run): Promise<void> {
  const downloads = downloadReporter(request.json);
  try {
    const prepared = await tellOfInterrupt(signal, complain, () =>
      prepareData(study, { ...folders, onProgress: downloads.progress, signal }),
    );
    downloads.done();
    for (const { dataset, split, images, provenance } of prepared)
      if (!provenance.official && !request.json)
        complain(`${dataset} ${split}: ${images} images, ${provenance.note}, in ${provenance.folder}`);
  } catch (error) {
    downloads.done();
    if (!signal.aborted) throw error;
  }
}
