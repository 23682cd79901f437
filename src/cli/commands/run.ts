import type { Command } from "commander";
import { InputError } from "../../base/index.ts";
import type { EngineName } from "../../engine/index.ts";
import type { DeviceName } from "../device-probe.ts";
import { chooseEngine, engineOption } from "../engine-choice.ts";
import type { Launch } from "../launch.ts";
import {
  artifactsOption,
  collect,
  countOption,
  databaseFor,
  databaseHelp,
  dataOption,
  deviceOption,
  folderOption,
  priorityOption,
  resumeOrFresh,
  skipCorruptOption,
} from "../options.ts";
import type { RunRequest } from "../run-study.ts";
import { nodeComplaint } from "../version.ts";
import { portOption } from "./serve.ts";

interface Options {
  readonly set?: readonly string[];
  readonly workers?: number;
  readonly device: DeviceName;
  readonly engine?: EngineName;
  readonly database?: string;
  readonly artifacts?: string;
  readonly priority?: number;
  readonly out?: string;
  readonly data?: readonly string[];
  readonly skipCorrupt?: boolean;
  readonly resume?: boolean;
  readonly fresh?: boolean;
  readonly serve: boolean;
  readonly port?: number;
  readonly json?: boolean;
}

export function addRun(
  program: Command,
  argv: readonly string[],
  launch: Launch,
  finish: (exitCode: number) => void,
): void {
  program
    .command("run")
    .description("run a study to its figure and table; what is finished is not run again")
    .argument("<study>", "a study's name, or the path of a study file")
    .option(
      "--set <key=value>",
      "change the study, e.g. epochs=3 or source.train=5000; may be given several times",
      collect,
    )
    .option(
      "--workers <n>",
      "worker processes, one thread each (default: one per core); 0 leaves all to workers elsewhere",
      countOption("--workers", 0),
    )
    .option("--device <device>", "cpu, webgpu or cuda", deviceOption, "cpu")
    .option(...engineOption)
    .option("--database <url>", databaseHelp)
    .option(...artifactsOption)
    .option("--priority <n>", "workers take trials of a study with a higher one first (default: 0)", priorityOption)
    .option("--out <folder>", "where figures and tables go (default: results/<study>)", folderOption)
    .option(...dataOption)
    .option(...skipCorruptOption)
    .option("--resume", "go on with what an interrupted run left (this is also the default)")
    .option("--fresh", "do every trial again, also the finished ones")
    .option("--no-serve", "no dashboard while it runs")
    .option("--port <port>", "where the dashboard listens (default: the first free one from 4477 on)", portOption)
    .option("--json", "JSON lines on stdout instead of a live list and a table")
    .action(async (study: string, options: Options) => {
      const complaint = nodeComplaint();
      if (complaint !== undefined) throw new InputError(`run: ${complaint}`);
      if (!options.serve && options.port !== undefined)
        throw new InputError("run: expected at most one of --no-serve and --port, got both");
      resumeOrFresh("run", options);
      if (options.workers === 0 && databaseFor(options.database) === undefined)
        throw new InputError("run: --workers: expected at least 1 without --database, for no one else can work, got 0");
      await chooseEngine(options.engine, options.device);
      const { runStudy } = await import("../run-study.ts");
      finish(await runStudy(requestOf(study, options, argv), launch));
    });
}

function requestOf(study: string, options: Options, argv: readonly string[]): RunRequest {
  const {
    set = [],
    workers,
    device,
    artifacts,
    priority,
    out,
    data = [],
    skipCorrupt = false,
    fresh = false,
    serve,
    port,
    json = false,
  } = options;
  const database = databaseFor(options.database);
  return {
    study,
    set,
    workers,
    device,
    database,
    artifacts,
    priority,
    out,
    data,
    skipCorrupt,
    fresh,
    serve,
    port,
    json,
    argv,
  };
}
