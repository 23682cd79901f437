import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of its own in which the command line is run, and the trials of which a test steers (see fake-trial.ts). */
export interface Workplace {
  readonly folder: string;
  /** Starts `carryover ...words` in the folder; `real` is the real entry, whose runner trains. */
  start(words: readonly string[], options?: StartOptions): Running;
  run(words: readonly string[], options?: StartOptions): Promise<Ended>;
  tell(behaviour: string, trial: string): void;
  forget(behaviour: string, trial: string): void;
  /** The trials that have begun, in order. */
  begun(): string[];
  remove(): void;
}

export interface StartOptions {
  readonly real?: boolean;
  /** Another entry than those two. */
  readonly entry?: string;
  /** Where it is run, if not in the workplace's folder. */
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has said on stdout so far. */
  said(): string;
  /** Resolves when a line of stdout or stderr matches. */
  says(pattern: RegExp): Promise<string>;
}

const fakeEntry = fileURLToPath(new URL("./fake-main.ts", import.meta.url));
const realEntry = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export function workplace(): Workplace {
  const folder = mkdtempSync(join(tmpdir(), "carryover-cli-"));
  const start = (
    words: readonly string[],
    { real = false, entry = real ? realEntry : fakeEntry, cwd = folder, environment = {} }: StartOptions = {},
  ) => {
    const { npm_lifecycle_event: _, ...inherited } = process.env;
    const child = spawn(process.execPath, [entry, ...words], {
      cwd,
      env: {
        ...inherited,
        CARRYOVER_DATA: "",
        CARRYOVER_CACHE: join(folder, "cache"),
        FAKE_TRIALS: folder,
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    return watch(child);
  };
  const children: ChildProcess[] = [];
  const file = (behaviour: string, trial: string) => join(folder, `${behaviour}-${trial}`);
  return {
    folder,
    start,
    run: (words, options) => start(words, options).ended,
    tell: (behaviour, trial) => writeFileSync(file(behaviour, trial), ""),
    forget: (behaviour, trial) => rmSync(file(behaviour, trial)),
    begun: () => {
      const path = join(folder, "begun");
      return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
    },
    remove() {
      for (const child of children) child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function watch(child: ChildProcess): Running {
  let stdout = "";
  let stderr = "";
  const waiting = new Set<() => void>();
  const heard = () => {
    for (const look of waiting) look();
  };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    heard();
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    heard();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code) => {
      resolve({ code, stdout, stderr });
      heard();
    });
  });
  return {
    child,
    ended,
    said: () => stdout,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(`${stdout}\n${stderr}`);
          if (found) resolve(found[0]);
          else if (child.exitCode !== null) reject(new Error(`expected ${pattern}, got:\n${stdout}\n${stderr}`));
          else return;
          waiting.delete(look);
        };
        waiting.add(look);
        look();
      }),
  };
}
