import type { Quantity } from "../../server/api-figure.ts";
import type { Setting, Summary } from "../../server/api-trial.ts";
import { shown } from "./format.ts";

/** What a filter is read against. */
export interface FilterContext {
  readonly quantities: readonly Quantity[];
  readonly settings: readonly Setting[];
}

export interface Filter {
  readonly test: (trial: Summary) => boolean;
  /** What is wrong with the text; what can be read of it still filters. */
  readonly problem: string | undefined;
}

type Test = (trial: Summary) => boolean;

const textKeys = ["method", "status", "health", "seed", "source", "target", "id"] as const;

/**
 * A filter as it is typed: words that all must be met. "jr" finds a text, "/^jr/" a regular expression, "method:jr",
 * "status:failed", "seed:0", "health:suspect", "target:mnist" a field, "strength>0.01" or "robust>=30" compares a number
 * (accuracies in percent), "collapsed" is one by itself, and "-" before a word turns it round.
 */
export function parseFilter(text: string, context: FilterContext): Filter {
  const tests: Test[] = [];
  let problem: string | undefined;
  for (const word of words(text)) {
    const negated = word.startsWith("-") && word.length > 1;
    const read = testOf(negated ? word.slice(1) : word, context);
    if (typeof read === "string") problem ??= read;
    else tests.push(negated ? (trial) => !read(trial) : read);
  }
  return { test: (trial) => tests.every((each) => each(trial)), problem };
}

/** Words apart at blanks, but not within /.../ or "...". */
const words = (text: string): string[] =>
  text.match(/-?\/(?:\\.|[^/\\])*\/i?|[^\s"]*"[^"]*"?|\S+/g)?.map((word) => word.replaceAll('"', "")) ?? [];

function testOf(word: string, context: FilterContext): Test | string {
  const pattern = /^\/(.*)\/i?$/.exec(word)?.[1];
  if (pattern !== undefined) return patternTest(pattern);
  if (word === "collapsed") return ({ collapsed }) => collapsed === true;
  const compared = /^([a-z]+)(>=|<=|>|<|=)(.*)$/i.exec(word);
  if (compared) return numberTest(compared[1] ?? "", compared[2] ?? "", compared[3] ?? "", context);
  const field = /^([a-z]+):(.*)$/i.exec(word);
  if (field) return fieldTest(field[1] ?? "", field[2] ?? "", context);
  const sought = word.toLowerCase();
  return (trial) => textOf(trial).includes(sought);
}

function patternTest(pattern: string): Test | string {
  try {
    const expression = new RegExp(pattern, "i");
    return (trial) => expression.test(textOf(trial));
  } catch {
    return `/${pattern}/ is no regular expression`;
  }
}

function numberTest(name: string, operator: string, text: string, { quantities }: FilterContext): Test | string {
  const wanted = Number(text.replace(/%$/, "").replace("−", "-"));
  if (text === "" || !Number.isFinite(wanted))
    return `${name}${operator} wants a number, such as ${name}${operator}0.1`;
  const value = numberOf(name, quantities);
  if (!value) return unknown(name, ["strength", "seed", "seconds", ...quantities.map(({ id }) => id)]);
  const compare: Readonly<Record<string, (a: number) => boolean>> = {
    ">": (a) => a > wanted,
    "<": (a) => a < wanted,
    ">=": (a) => a >= wanted,
    "<=": (a) => a <= wanted,
    "=": (a) => Math.abs(a - wanted) < 1e-9,
  };
  const holds = compare[operator] ?? (() => false);
  return (trial) => value(trial).some(holds);
}

/** The numbers of a name that a trial has: one, none, or a strength for each method. */
function numberOf(name: string, quantities: readonly Quantity[]): ((trial: Summary) => readonly number[]) | undefined {
  const known = name.toLowerCase();
  if (known === "strength") return ({ methods }) => methods.map(({ strength }) => strength);
  if (known === "seed") return ({ seed }) => [seed];
  if (known === "seconds") return ({ seconds }) => (seconds === undefined ? [] : [seconds]);
  const quantity = quantities.find(({ id }) => id.toLowerCase() === known);
  if (!quantity) return undefined;
  return ({ numbers }) => {
    const value = numbers[quantity.id];
    return value === undefined ? [] : [shown(value, quantity.unit)];
  };
}

function fieldTest(name: string, text: string, { settings, quantities }: FilterContext): Test | string {
  const sought = text.toLowerCase();
  const of: Readonly<Record<(typeof textKeys)[number], (trial: Summary) => readonly string[]>> = {
    method: ({ methods, family }) => [
      family,
      ...(methods.length === 0 ? ["vanilla"] : methods.map(({ kind }) => kind)),
    ],
    status: ({ status }) => [status],
    health: ({ health }) => [health ?? "none"],
    seed: ({ seed }) => [String(seed)],
    source: ({ setting }) => [settings[setting]?.source ?? ""],
    target: ({ setting }) => [settings[setting]?.target ?? ""],
    id: ({ id }) => [id],
  };
  const key = textKeys.find((each) => each === name.toLowerCase());
  if (!key) return unknown(name, [...textKeys, ...quantities.map(({ id }) => `${id}>`)]);
  if (key === "id") return ({ id }) => id.startsWith(sought);
  return (trial) => of[key](trial).some((value) => value.toLowerCase() === sought);
}

const unknown = (name: string, known: readonly string[]) => `there is no "${name}"; try ${known.join(", ")}`;

const texts = new WeakMap<Summary, string>();

function textOf(trial: Summary): string {
  const known = texts.get(trial);
  if (known !== undefined) return known;
  const { label, family, seed, status, id, failure = "" } = trial;
  const text = `${label} ${family} seed ${seed} ${status} ${id} ${failure}`.toLowerCase();
  texts.set(trial, text);
  return text;
}
