import { exitCodes } from "./launch.ts";
import { complain } from "./output.ts";

/** npm passes Ctrl-C on to a process that the terminal has told already: what follows this soon is the same one. */
const sameSignalMs = 300;

/**
 * The first Ctrl-C (or SIGTERM, SIGHUP) aborts the signal, so that work stops cleanly; a second one ends the process at
 * once. `dispose` gives the signals back.
 */
export function catchInterrupt(): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  let firstAt: number | undefined;
  const interrupt = () => {
    const now = performance.now();
    if (firstAt === undefined) {
      firstAt = now;
      controller.abort();
    } else if (now - firstAt > sameSignalMs) process.exit(exitCodes.interrupted);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  return {
    signal: controller.signal,
    dispose() {
      for (const signal of signals) process.off(signal, interrupt);
    },
  };
}

/** Says that an interruption was heard, by `tell`, while `work` is under way. */
export async function tellOfInterrupt<T>(
  signal: AbortSignal,
  tell: (sentence: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const heard = () => tell("Stopping after the current step; finished trials are kept. Ctrl-C again ends at once.");
  signal.addEventListener("abort", heard);
  try {
    return await work();
  } finally {
    signal.removeEventListener("abort", heard);
  }
}

/** For work that keeps nothing on its way: an interruption says so, and ends the process at once. */
export async function losingAll<T>(command: string, work: () => Promise<T>): Promise<T> {
  const interrupt = catchInterrupt();
  interrupt.signal.addEventListener("abort", () => {
    complain(`Interrupted. ${command} keeps nothing of an unfinished report: the same line begins anew.`);
    process.exit(exitCodes.interrupted);
  });
  try {
    return await work();
  } finally {
    interrupt.dispose();
  }
}
