import { spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import { extname } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** Work that would hold up the process that runs the trials: one process of low priority after the other. */
export interface BackgroundLine {
  /** Runs a module of this folder, with `request` as JSON on its standard input; resolves to what it printed. */
  run(module: string, request: unknown): Promise<string>;
  /** Ends the process that runs; what waits is refused. */
  close(): void;
}

/** Why a process has no result: the server is closed. */
export class ClosedError extends Error {
  constructor() {
    super("the server is closed");
  }
}

const mostMs = 5 * 60_000;

export function backgroundLine(): BackgroundLine {
  const closed = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(module, request) {
      const made = last.then(() => runProcess(module, request, closed.signal));
      last = made.catch(() => {});
      return made;
    },
    close: () => closed.abort(),
  };
}

async function runProcess(module: string, request: unknown, closed: AbortSignal): Promise<string> {
  if (closed.aborted) throw new ClosedError();
  const entry = fileURLToPath(new URL(`./${module}${extname(import.meta.url)}`, import.meta.url));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, OMP_NUM_THREADS: "1" },
    timeout: mostMs,
  });
  const kill = () => child.kill("SIGKILL");
  closed.addEventListener("abort", kill, { once: true });
  try {
    // Below the trials; the lowest would let who waits for it wait for minutes while these take every core.
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Only politeness towards the trials.
  }
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    said = (said + part).slice(-4000);
  });
  child.stdin.on("error", () => {}); // it ended before it read: its exit says why
  child.stdin.end(JSON.stringify(request));
  const printed = text(child.stdout);
  try {
    const ending = await new Promise<number | string | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve(signal ?? code));
    });
    if (ending === 0) return await printed;
    if (closed.aborted) throw new ClosedError();
    throw new Error(said.trim().split("\n")[0] || `the process ended with ${ending}`);
  } finally {
    closed.removeEventListener("abort", kill);
    printed.catch(() => {});
  }
}
