import type { Command } from "commander";
import { InputError } from "../../base/index.ts";
import type { EngineName } from "../../engine/index.ts";
import type { DeviceName } from "../device-probe.ts";
import { chooseEngine, engineOption } from "../engine-choice.ts";
import type { Launch } from "../launch.ts";
import { collect, countOption, databaseFor, dataOption, deviceOption, skipCorruptOption } from "../options.ts";

export interface WorkerRequest {
  readonly database: string;
  readonly slots: number | undefined;
  readonly device: DeviceName;
  readonly artifacts: string | undefined;
  readonly data: readonly string[];
  readonly skipCorrupt: boolean;
  readonly study: readonly string[] | undefined;
  readonly idleMinutes: number | undefined;
  readonly json: boolean;
}

interface Options {
  readonly database?: string;
  readonly slots?: number;
  readonly device: DeviceName;
  readonly engine?: EngineName;
  readonly artifacts?: string;
  readonly data?: readonly string[];
  readonly skipCorrupt?: boolean;
  readonly study?: readonly string[];
  readonly idle?: number;
  readonly json?: boolean;
}

export function addWorker(program: Command, launch: Launch, finish: (exitCode: number) => void): void {
  program
    .command("worker")
    .description("take trials of a shared database's studies and run them here; any number, at any time")
    .option("--database <url>", "the PostgreSQL whose trials are taken (default: CARRYOVER_DATABASE; needed)")
    .option("--slots <n>", "trials at once, one thread each (default: one per core)", countOption("--slots"))
    .option("--device <device>", "cpu, webgpu or cuda", deviceOption, "cpu")
    .option(...engineOption)
    .option(
      "--artifacts <folder>",
      "where models and checkpoints are kept; a folder that workers share lets them go on",
    )
    .option(...dataOption)
    .option(...skipCorruptOption)
    .option("--study <name>", "only trials of this study; may be given several times", collect)
    .option("--idle <minutes>", "end after so long without work (default: stay)", countOption("--idle"))
    .option("--json", "JSON lines on stdout instead of lines on stderr")
    .action(async ({ slots, device, artifacts, data = [], study, idle, json = false, ...options }: Options) => {
      const { skipCorrupt = false } = options;
      const database = databaseFor(options.database);
      if (database === undefined)
        throw new InputError(
          "worker: expected --database <url> or CARRYOVER_DATABASE, got neither; on one machine carryover run brings its own workers",
        );
      await chooseEngine(options.engine, device);
      const { runWorker } = await import("../run-worker.ts");
      const request = { database, slots, device, artifacts, data, skipCorrupt, study, idleMinutes: idle, json };
      finish(await runWorker(request, launch));
    });
}
