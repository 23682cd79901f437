import { Command, CommanderError } from "commander";
import { InputError, UnreachableError } from "../base/index.ts";
import { addArchiveCommands } from "./commands/archive.ts";
import { addAttack } from "./commands/attack.ts";
import { addClaims } from "./commands/claims.ts";
import { addDatasets } from "./commands/datasets.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addExportModel } from "./commands/export-model.ts";
import { addFigure } from "./commands/figure.ts";
import { addMethods } from "./commands/methods.ts";
import { addQueueCommands } from "./commands/queue.ts";
import { addRun } from "./commands/run.ts";
import { addServe } from "./commands/serve.ts";
import { addStudies } from "./commands/studies.ts";
import { addTheory } from "./commands/theory.ts";
import { addTrain } from "./commands/train.ts";
import { addTransfer } from "./commands/transfer.ts";
import { addWorker } from "./commands/worker.ts";
import { exitCodes, type Launch } from "./launch.ts";
import { complain } from "./output.ts";
import { withoutPassword } from "./resume-line.ts";
import { usageError } from "./usage-errors.ts";
import { version } from "./version.ts";

/**
 * The command line: words in, exit code out. 0 done, 1 our fault (full stack), 2 the user's input was wrong (one
 * sentence), 130 interrupted.
 */
export async function main(argv: readonly string[], launch: Launch): Promise<number> {
  let exitCode: number = exitCodes.done;
  const program = createProgram(argv, launch, (code) => {
    exitCode = code;
  });
  if (argv.length === 0) {
    program.outputHelp();
    return exitCodes.done;
  }
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCodes.done;
    const error = await usageError(thrown, program, argv);
    if (error instanceof InputError || error instanceof UnreachableError) {
      complain(`carryover: ${asShown(error.message, argv)}`);
      return exitCodes.wrongInput;
    }
    complain(asShown(error instanceof Error ? (error.stack ?? error.message) : String(error), argv));
    return exitCodes.ourFault;
  }
}

/** A message may repeat a word that was mistyped or stands in the wrong place, and that word may be a URL. */
const asShown = (message: string, argv: readonly string[]): string =>
  argv.reduce((text, word) => text.replaceAll(word, () => withoutPassword(word)), message);

function createProgram(argv: readonly string[], launch: Launch, finish: (exitCode: number) => void): Command {
  const program = new Command("carryover")
    .description("Measures what a way of training carries over to a new domain, against adversarial robustness.")
    .version(version())
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .showSuggestionAfterError(false);
  program.commandsGroup("Studies:");
  addRun(program, argv, launch, finish);
  addQueueCommands(program);
  addWorker(program, launch, finish);
  addServe(program);
  addFigure(program);
  addClaims(program);
  addTheory(program);
  addArchiveCommands(program, finish);
  program.commandsGroup("Models of yours, or of a trial:");
  addTrain(program, argv, launch, finish);
  addTransfer(program);
  addAttack(program, argv, launch, finish);
  addExportModel(program);
  program.commandsGroup("To look up:");
  addStudies(program);
  addMethods(program);
  addDatasets(program);
  addDoctor(program, finish);
  const help = new Command("help").argument("[command]").description("show the help of a command");
  program.addHelpCommand(help.helpGroup("To look up:"));
  program.addHelpText("after", "\nBegin with: carryover run quickstart");
  return program;
}
