import { availableParallelism } from "node:os";
import { extname, join } from "node:path";
import { dataFolders } from "../datasets/index.ts";
import { askFor, liveJobs, openQueue, tidyLine, unpause, type WorkEvent, work } from "../queue/index.ts";
import { openStore } from "../store/index.ts";
import { checkStudy, defineStudy, expandStudy, type Row, type StudyInput, withStrengths } from "../studies/index.ts";
import type { DataFolders } from "../studies/trial-data.ts";

export interface RunStudyOptions extends Partial<DataFolders> {
  /** Where results are kept: a folder (`.carryover` unless said), or a PostgreSQL's URL. */
  readonly store?: string;
  /** Where models and checkpoints are kept; `.carryover/work` unless said. */
  readonly artifacts?: string;
  /** Trials at once, each in a process of its own; one per core unless said. */
  readonly workers?: number;
  readonly device?: "cpu" | "webgpu" | "cuda";
  /** Stops between two steps; what ran goes on the next time. */
  readonly signal?: AbortSignal;
  /** Told of every start, step, row and failure. */
  readonly onEvent?: (event: WorkEvent) => void;
}

/**
 * Runs what a study lacks and gives its rows, in the study's order: what `carryover run` does, without figures. Trials that
 * are finished in the store are not run again; trials that fail have no row, and are told through `onEvent`. Throws
 * InputError when the study, its data or the store is wrong.
 */
export async function runStudy(input: StudyInput, options: RunStudyOptions = {}): Promise<Row[]> {
  const { store: place = ".carryover", artifacts = join(".carryover", "work"), onEvent = () => {} } = options;
  const { workers = availableParallelism(), device = "cpu", signal } = options;
  const known = dataFolders();
  const { dataDirs = known.dataDirs, cacheDir = known.cacheDir, skipCorrupt } = options;
  const study = defineStudy(input);
  checkStudy(study, dataDirs);
  const store = await openStore(place);
  try {
    await store.saveStudy({ name: study.name, definition: withStrengths(study), trials: expandStudy(study) });
    const queue = await openQueue(store.database, { shared: !store.embedded, watch: true });
    try {
      await tidyLine(queue, study.name);
      await unpause(store.database, study.name);
      await askFor(queue, study.name);
      const events = work({
        ...{ store, queue, slots: workers, studies: [study.name], device, signal },
        runner: new URL(`../studies/run-trial${extname(import.meta.url)}`, import.meta.url).href,
        context: { dataDirs, cacheDir, skipCorrupt, workDir: artifacts, device, threads: 1 },
        finished: async () => (await liveJobs(store.database, study.name)) === 0,
      });
      for await (const event of events) onEvent(event);
      return await store.rowsOf(study.name);
    } finally {
      await queue.close();
    }
  } finally {
    await store.close();
  }
}
