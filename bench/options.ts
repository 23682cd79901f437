import { parseArgs } from "node:util";
import { InputError, unknownName } from "../src/base/index.ts";
import { lines } from "./lines/index.ts";

export interface BenchOptions {
  /** Names of the lines to run, in the benchmark's order. */
  readonly only: readonly string[];
  readonly json: boolean;
  readonly list: boolean;
  /** Writes the results and the page about them. */
  readonly write: boolean;
  readonly threads: number;
  readonly rounds: number;
  readonly withoutPytorch: boolean;
  readonly python: string | undefined;
}

const known = {
  only: { type: "string", multiple: true },
  json: { type: "boolean" },
  list: { type: "boolean" },
  write: { type: "boolean" },
  threads: { type: "string" },
  rounds: { type: "string" },
  "without-pytorch": { type: "boolean" },
  python: { type: "string" },
  help: { type: "boolean" },
} as const;

export const usage = `npm run bench -- [--only NAME]... [--threads N] [--rounds N] [--json] [--write] [--list]

  --only NAME         run this line only; may be given several times
  --threads N         threads of each side, 2 unless said otherwise
  --rounds N          turns of each side, 5 unless said otherwise
  --json              one JSON object a line on stdout instead of the table
  --write             keep the results of a whole run in bench/results, their table in docs/benchmark.md
  --list              the lines' names
  --python PATH       the Python whose torch is compared with; found by itself otherwise
  --without-pytorch   run our side only`;

/** Reads the command line; undefined when help is asked for. Throws InputError on what is not known. */
export function parseOptions(argv: readonly string[]): BenchOptions | undefined {
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options: known,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens)
    if (token.kind === "option") {
      if (!Object.hasOwn(known, token.name))
        throw unknownName(
          "bench: option",
          token.rawName,
          Object.keys(known).map((name) => `--${name}`),
        );
      const takesValue = known[token.name as keyof typeof known].type === "string";
      if (takesValue && (token.value === undefined || token.value.startsWith("--")))
        throw new InputError(`bench: option ${token.rawName}: expected a value, got none`);
      if (!takesValue && token.value !== undefined)
        throw new InputError(`bench: option ${token.rawName}: expected no value, got "${token.value}"`);
    }
  if (positionals.length > 0)
    throw new InputError(`bench: expected options only, got "${positionals[0]}"; a line is chosen by --only`);
  if (values.help) return undefined;
  if (values.write && values.only !== undefined)
    throw new InputError("bench: --write keeps the results of a whole run; expected no --only beside it");
  return {
    only: chosenLines(values.only as readonly string[] | undefined),
    json: values.json === true,
    list: values.list === true,
    write: values.write === true,
    threads: count("threads", values.threads, 2),
    rounds: count("rounds", values.rounds, 5),
    withoutPytorch: values["without-pytorch"] === true,
    python: typeof values.python === "string" ? values.python : undefined,
  };
}

function chosenLines(wanted: readonly string[] | undefined): readonly string[] {
  const names = Object.keys(lines);
  for (const name of wanted ?? []) if (!names.includes(name)) throw unknownName("--only", name, names);
  return names.filter((name) => wanted === undefined || wanted.includes(name));
}

function count(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new InputError(`--${name}: expected a whole number of at least 1, got ${value}`);
  return number;
}
