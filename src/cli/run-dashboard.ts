import type { Queue, TrialWorkEvent } from "../queue/index.ts";
import type { Dashboard, LiveRun } from "../server/index.ts";
import type { Store } from "../store/index.ts";
import { openDashboard } from "./dashboard.ts";
import { type Folders, resultsFolder } from "./folders.ts";
import type { Reporter } from "./progress/reporter.ts";

export interface RunDashboardOptions {
  readonly study: string;
  /** How many processes run its trials. */
  readonly workers: number;
  readonly store: Store;
  readonly queue: Queue;
  readonly folders: Folders;
  readonly workDir: string;
  readonly port: number | undefined;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

/** The dashboard of a run, which lasts as long as the run does. */
export interface RunDashboard {
  event(event: TrialWorkEvent): void;
  close(): Promise<void>;
}

/**
 * Begins with the first trial, so as to take nothing from its start. A dashboard that cannot be shown is told and does
 * not stop the run.
 */
export function runDashboard(options: RunDashboardOptions): RunDashboard {
  const { study, workers, signal, reporter } = options;
  const waiting: TrialWorkEvent[] = [];
  let live: LiveRun | undefined;
  let opening: Promise<Dashboard | undefined> | undefined;
  const stopping = () => live?.state("stopping");
  const open = async (): Promise<Dashboard | undefined> => {
    try {
      const { liveRun, storeSource } = await import("../server/index.ts");
      live = liveRun(study, { workers });
      for (const event of waiting.splice(0)) live.event(event);
      if (signal.aborted) stopping();
      signal.addEventListener("abort", stopping);
      const source = storeSource(options.store, { live, queue: options.queue, resultsOf: resultsFolder });
      const dashboard = await openDashboard(source, options);
      const { address } = dashboard;
      reporter.note(`Dashboard: ${address}`, { event: "dashboard", address });
      return dashboard;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      reporter.note(`No dashboard: ${reason}`, { event: "dashboard", reason });
      return undefined;
    }
  };
  return {
    event(event) {
      opening ??= open();
      if (live) live.event(event);
      else waiting.push(event);
    },
    async close() {
      signal.removeEventListener("abort", stopping);
      live?.state("over");
      await (await opening)?.close();
    },
  };
}
