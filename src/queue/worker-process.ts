import { type ChildProcess, fork } from "node:child_process";
import { extname } from "node:path";
import { finished } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { type FromWorker, fromWorkerSchema, type ToWorker } from "./messages.ts";

/** How much of a worker's last words is kept for the cause of its death. */
const keptErrorText = 4000;

export interface WorkerProcess {
  readonly pid: number | undefined;
  send(message: ToWorker): void;
  /** Ends the process: by closing its channel, and by force when it has not gone after `graceMs`. */
  end(graceMs: number): Promise<void>;
}

export interface WorkerEvents {
  onMessage(message: FromWorker): void;
  /** How it ended, e.g. "worker process 4242 ended by signal SIGKILL", with its last words on stderr. */
  onExit(how: string, lastWords: string): void;
}

/** Starts a worker: one process, one thread of arithmetic, its output kept off the terminal. */
export function startWorker({ onMessage, onExit }: WorkerEvents): WorkerProcess {
  const entry = fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url));
  const child = fork(entry, {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    env: { ...process.env, OMP_NUM_THREADS: "1" },
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let lastWords = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    lastWords = (lastWords + text).slice(-keptErrorText);
  });
  child.on("message", (message) => onMessage(fromWorkerSchema.parse(message)));
  const exited = Promise.withResolvers<void>();
  const end = (how: string): void => {
    onExit(how, lastWords.trim());
    exited.resolve();
  };
  child.once("error", (error) => {
    if (child.pid === undefined) end(`worker process: ${error.message}`);
  });
  // The last words may come after the exit; "close" would wait for them, but is not told after a disconnect from here.
  child.once("exit", async (code, signal) => {
    if (child.stderr) await finished(child.stderr, { error: false });
    end(`worker process ${child.pid} ended ${signal === null ? `with exit code ${code}` : `by signal ${signal}`}`);
  });
  return {
    pid: child.pid,
    send: (message) => {
      // A message to a process that has just died is lost; its exit is told on its own.
      if (child.connected) child.send(message, () => {});
    },
    end: (graceMs) => endChild(child, exited.promise, graceMs),
  };
}

async function endChild(child: ChildProcess, exited: Promise<void>, graceMs: number): Promise<void> {
  if (child.connected) child.disconnect();
  const force = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await exited;
  clearTimeout(force);
}
