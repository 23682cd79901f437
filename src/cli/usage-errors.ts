import { type Command, CommanderError } from "commander";
import { InputError, unknownName } from "../base/index.ts";

/**
 * What commander found wrong with the words of the command line, as one sentence with the nearest right spelling; other
 * errors come back as they are.
 */
export async function usageError(error: unknown, program: Command, argv: readonly string[]): Promise<unknown> {
  if (!(error instanceof CommanderError)) return error;
  const command = commandOf(program, argv);
  const where = command.name();
  const quoted = /'([^']+)'/.exec(error.message)?.[1] ?? "";
  switch (error.code) {
    case "commander.unknownCommand":
      return unknownName("command", quoted, namesOf(command));
    case "commander.help": // A group without one of its commands, or help for a command that is none.
      if (argv[0] === "help" && argv[1] !== undefined) return unknownName("help", argv[1], namesOf(program));
      return new InputError(`${where}: expected one of ${namesOf(command).join(", ")}, got nothing`);
    case "commander.unknownOption":
      if (where === "run" && (await isSetting(quoted.slice(2))))
        return new InputError(
          `run: option: expected --set ${quoted.slice(2)}=<value> for a setting of the study, got "${quoted}"`,
        );
      return unknownName(`${where}: option`, quoted, [...optionsOf(command), "--help"]);
    case "commander.missingArgument":
      return new InputError(`${where}: expected ${usageOf(command)}, got no ${quoted || missingName(error)}`);
    case "commander.excessArguments":
      return new InputError(`${where}: expected ${usageOf(command)}, got more words than that`);
    case "commander.optionMissingArgument":
      return new InputError(`${where}: option ${quoted}: expected a value, got none`);
    case "commander.conflictingOption":
      return new InputError(`${where}: ${error.message.replace(/^error: /, "")}`);
    default:
      return new InputError(`${where}: ${error.message.replace(/^error: /, "")}`);
  }
}

async function isSetting(name: string): Promise<boolean> {
  const { overrideKeys } = await import("../studies/overrides.ts");
  return overrideKeys.has(name);
}

/** The command that the words name, as far as they are known. */
function commandOf(command: Command, argv: readonly string[]): Command {
  const next = command.commands.find((child) => child.name() === argv[0]);
  return next ? commandOf(next, argv.slice(1)) : command;
}

const namesOf = (command: Command): string[] => command.commands.map((child) => child.name());

const optionsOf = (command: Command): string[] =>
  command.options.filter(({ hidden }) => !hidden).map(({ long, flags }) => long ?? flags);

function usageOf(command: Command): string {
  const words = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  return ["carryover", ...pathOf(command), ...words].join(" ");
}

function pathOf(command: Command): string[] {
  return command.parent === null ? [] : [...pathOf(command.parent), command.name()];
}

const missingName = (error: CommanderError): string => error.message.split(" ").at(-1) ?? "";
