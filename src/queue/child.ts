import type { Trial, TrialEvent } from "../studies/index.ts";
import { startWorker, type WorkerProcess } from "./worker-process.ts";

/** What became of a trial on a worker process. */
export type Ending =
  | { readonly kind: "row"; readonly row: unknown }
  | { readonly kind: "error"; readonly input: boolean; readonly message: string; readonly stack: string }
  | { readonly kind: "died"; readonly how: string; readonly lastWords: string };

export interface Errand {
  readonly trial: Trial;
  readonly runner: string;
  readonly context: unknown;
}

/** A worker process that is used for one trial after another, and replaced when it has died. */
export interface Child {
  /** Of the process that runs, or will run, the next trial. */
  pid(): number | undefined;
  run(errand: Errand, onEvent: (event: TrialEvent) => void): Promise<Ending>;
  /** Asks it to end between two steps, and ends it by force after `graceMs`. Without a trial it does nothing. */
  stop(graceMs: number): void;
  /** Ends the process. */
  end(graceMs: number): Promise<void>;
}

export function childProcess(): Child {
  let worker: WorkerProcess | undefined;
  let listen = (_: TrialEvent): void => {};
  let settle: ((ending: Ending) => void) | undefined;
  let force: NodeJS.Timeout | undefined;

  const ended = (ending: Ending): void => {
    clearTimeout(force);
    force = undefined;
    settle?.(ending);
    settle = undefined;
  };

  const started = (): WorkerProcess => {
    worker ??= startWorker({
      onMessage(message) {
        if (message.kind === "event") listen(message.event);
        else ended(message);
      },
      onExit(how, lastWords) {
        worker = undefined;
        ended({ kind: "died", how, lastWords });
      },
    });
    return worker;
  };
  return {
    pid: () => started().pid,
    run: ({ trial, runner, context }, onEvent) =>
      new Promise((resolve) => {
        listen = onEvent;
        settle = resolve;
        started().send({ kind: "run", trial, runner, context });
      }),
    stop(graceMs) {
      if (!settle) return;
      const asked = worker;
      asked?.send({ kind: "stop" });
      // Not the channel's end: a worker that is asked may finish its step and free what it holds.
      force ??= setTimeout(() => void asked?.end(0), graceMs).unref();
    },
    end: async (graceMs) => worker?.end(graceMs),
  };
}
