import type { Command } from "commander";
import { InputError } from "../../base/index.ts";
import { databaseHelp } from "../options.ts";
import { print, printJson } from "../output.ts";

interface Options {
  readonly database?: string;
  readonly trial?: string;
  readonly json?: boolean;
}

/** status, pause, continue, cancel: a word to a study's queue, whether or not a run goes on. */
export function addQueueCommands(program: Command): void {
  program
    .command("status")
    .description("tell how far studies are, what runs where, and what failed")
    .argument("[study]", "a study's name (default: all)")
    .option("--database <url>", databaseHelp)
    .option("--json", "one JSON value; of a study, with every trial")
    .action(async (study: string | undefined, options: Options) => {
      const { showStatus } = await import("../status.ts");
      await showStatus(study, options);
    });
  const add = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .argument("<study>", "a study's name")
      .option("--database <url>", databaseHelp)
      .option("--json", "one JSON value");
  add("pause", "stop a study: what runs goes back in line, up to its last checkpoint").action(
    async (study: string, { database, json }: Options) => {
      const { atStore } = await import("../open-place.ts");
      const { pauseStudy } = await import("../../queue/index.ts");
      await atStore("pause", database, (store) => pauseStudy(store.database, study));
      if (json) printJson({ study, paused: true });
      else print(`${study} pauses; what runs stops within seconds. To go on: carryover continue ${study}`);
    },
  );
  add("continue", "let a paused study go on, and ask for what it lacks").action(
    async (study: string, { database, json }: Options) => {
      const { atQueue } = await import("../open-place.ts");
      const { continueStudy, listWorkers } = await import("../../queue/index.ts");
      const { asked, workers } = await atQueue("continue", database, async (queue) => ({
        asked: await continueStudy(queue, study),
        workers: (await listWorkers(queue.database)).filter(({ alive }) => alive).length,
      }));
      const { builtInStudies } = await import("../../studies/index.ts");
      const named = Object.hasOwn(builtInStudies, study) ? study : "<the study's file>";
      const here = workers === 0 ? `; to work on it here: carryover run ${named}` : "";
      if (json) printJson({ study, paused: false, asked, workers });
      else print(`${study} goes on; ${asked} trials were put in line, ${workers} workers are there${here}`);
    },
  );
  add("cancel", "take a study out of line and stop what runs; what is finished stays")
    .option("--trial <id>", "only this trial")
    .action(async (study: string, { database, trial, json }: Options) => {
      const { atQueue } = await import("../open-place.ts");
      const { cancelTrials } = await import("../../queue/index.ts");
      const only = trial === undefined ? undefined : [trial];
      const cancelled = await atQueue("cancel", database, (queue) => cancelTrials(queue, study, only));
      if (trial !== undefined && cancelled === 0)
        throw new InputError(
          `cancel: --trial: expected a trial of ${study} that waits or runs (carryover status ${study} --json), got "${trial}"`,
        );
      if (json) printJson({ study, cancelled });
      else print(`${study}: ${cancelled} trials cancelled; finished ones and checkpoints stay`);
    });
}
