import type { Command } from "commander";
import type { DeviceName } from "../device-probe.ts";
import { artifactsOption, databaseHelp, dataOption, deviceOption, skipCorruptOption } from "../options.ts";
import { print, printJson } from "../output.ts";

interface Options {
  readonly out?: string;
  readonly checkpoints: boolean;
  readonly artifacts?: string;
  readonly database?: string;
  readonly json?: boolean;
}

interface VerifyOptions {
  readonly database?: string;
  readonly device: DeviceName;
  readonly data?: readonly string[];
  readonly skipCorrupt?: boolean;
  readonly json?: boolean;
}

/** export, import and verify: a study as a file, and a trial held to its word. */
export function addArchiveCommands(program: Command, finish: (exitCode: number) => void): void {
  program
    .command("export")
    .description("write a study, its rows, learning curves and models to one file with checksums")
    .argument("<study>", "a study's name")
    .option("--out <file>", "where to (default: <study>.carryover.tar)")
    .option("--no-checkpoints", "leave the models out")
    .option(...artifactsOption)
    .option("--database <url>", databaseHelp)
    .option("--json", "one JSON value")
    .action(async (study: string, { out = `${study}.carryover.tar`, database, json, ...options }: Options) => {
      const { exportStudy } = await import("../../store/index.ts");
      const { atStore } = await import("../open-place.ts");
      const { stagesFolder } = await import("../folders.ts");
      const stages = options.checkpoints ? stagesFolder(options.artifacts) : undefined;
      const written = await atStore("export", database, (store) => exportStudy(store, study, out, stages));
      if (json) printJson({ ...written, file: out });
      else print(`${out}: ${written.rows} rows of ${written.trials} trials, ${written.checkpoints} models`);
    });
  program
    .command("import")
    .description("bring in a study that was exported; what is there already stays")
    .argument("<file>", "what carryover export wrote")
    .option(...artifactsOption)
    .option("--database <url>", databaseHelp)
    .option("--json", "one JSON value")
    .action(async (file: string, { database, artifacts, json }: Options) => {
      const { importStudy, openStore } = await import("../../store/index.ts");
      const { stagesFolder, storeFolder } = await import("../folders.ts");
      const { databaseFor } = await import("../options.ts");
      const store = await openStore(databaseFor(database) ?? storeFolder, { visitor: true });
      try {
        const read = await importStudy(store, file, stagesFolder(artifacts));
        if (json) printJson(read);
        else print(`${read.study}: ${read.rows} rows of ${read.trials} trials came in, and ${read.checkpoints} models`);
      } finally {
        await store.close();
      }
    });
  program
    .command("verify")
    .description("train a finished trial's source model again and compare it to the bit")
    .argument("<trial>", "a finished trial's id")
    .option("--database <url>", databaseHelp)
    .option("--device <device>", "cpu, webgpu or cuda", deviceOption, "cpu")
    .option(...dataOption)
    .option(...skipCorruptOption)
    .option("--json", "one JSON value")
    .action(async (trialId: string, options: VerifyOptions) => {
      const { verifyTrial } = await import("../verify.ts");
      finish(await verifyTrial({ trialId, ...options }));
    });
}
