import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyMutant, type Mutant } from "./mutants.ts";

export interface Placed extends Mutant {
  readonly file: string;
}

interface Ended {
  /** The exit status; null when it was ended for taking too long. */
  readonly code: number | null;
  readonly seconds: number;
  readonly output: string;
}

const root = join(import.meta.dirname, "../..");

/** A copy of the working tree to break: what is here is never changed, however a run ends. */
export class BrokenCopy {
  readonly #folder = mkdtempSync(join(tmpdir(), "carryover-mutations-"));
  #child: ChildProcess | undefined;

  constructor() {
    for (const name of ["src", "test", "bench", "examples", "package.json", "tsconfig.json", "vitest.config.ts"])
      cpSync(join(root, name), join(this.#folder, name), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(this.#folder, "node_modules"));
  }

  /** Those that the compiler takes: the others need no test. Each stands in a file of its own beside the true one. */
  async wellTyped(mutants: readonly Placed[]): Promise<Placed[]> {
    const files = mutants.map(({ file }, i) => file.replace(/\.ts$/, `.mutant-${i}.ts`));
    mutants.forEach((mutant, i) => {
      writeFileSync(join(this.#folder, files[i] ?? ""), applyMutant(this.#read(mutant.file), mutant));
    });
    const { output } = await this.#run(["node_modules/typescript/bin/tsc", "--noEmit", "--pretty", "false"], 300);
    for (const file of files) rmSync(join(this.#folder, file));
    const refused = new Set([...output.matchAll(/\.mutant-(\d+)\.ts\(/g)].map((match) => Number(match[1])));
    return mutants.filter((_, i) => !refused.has(i));
  }

  /** Runs tests, until the first one fails, on the program with a mutant in it. */
  async withMutant(mutant: Placed, test: () => Promise<Ended>): Promise<Ended> {
    const path = join(this.#folder, mutant.file);
    const source = this.#read(mutant.file);
    writeFileSync(path, applyMutant(source, mutant));
    try {
      return await test();
    } finally {
      writeFileSync(path, source);
    }
  }

  test(project: string, files: readonly string[], limitSeconds: number): Promise<Ended> {
    // One process that keeps its modules, and a cache of those that did not change: half the time, for the same tests.
    const cache = ["--experimental.fsModuleCache", `--experimental.fsModuleCachePath=${join(this.#folder, "cache")}`];
    const words = [
      "run",
      "--project",
      project,
      "--bail",
      "1",
      "--reporter",
      "dot",
      "--no-isolate",
      "--maxWorkers",
      "1",
    ];
    return this.#run(["node_modules/vitest/vitest.mjs", ...words, ...cache, ...files], limitSeconds);
  }

  close(): void {
    this.#end();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #read = (file: string) => readFileSync(join(this.#folder, file), "utf8");

  /** Node in a process group of its own, all of which is gone when this returns. */
  #run(words: readonly string[], limitSeconds: number): Promise<Ended> {
    const began = performance.now();
    // A busy machine must not look like a test that noticed something.
    const env = { ...process.env, HOME: this.#folder, CARRYOVER_TEST_TIMEOUT: String(1000 * limitSeconds) };
    const child = spawn(process.execPath, words, { cwd: this.#folder, env, detached: true });
    this.#child = child;
    let output = "";
    let late = false;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    const timer = setTimeout(() => {
      late = true;
      this.#end();
    }, 1000 * limitSeconds);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => {
        clearTimeout(timer);
        this.#end();
        resolve({ code: late ? null : (code ?? 1), seconds: (performance.now() - began) / 1000, output });
      });
    });
  }

  #end(): void {
    if (this.#child?.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
