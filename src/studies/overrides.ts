import { InputError, nearest, unknownName } from "../base/index.ts";
import { kindsOf, type MethodOption, methodKind, sweptKinds } from "./methods/index.ts";
import { parseStudy, type Study } from "./study.ts";

/** What a key of `--set` changes and how its text is read. */
interface OverrideKey {
  /** Where the value goes in a study; "*" is every member of a list. */
  readonly path: readonly string[];
  readonly value: Value;
}

interface Value {
  readonly expects: string;
  /** undefined for a text that is not such a value. */
  readonly read: (text: string) => unknown;
}

const count: Value = {
  expects: "a whole number of at least 1",
  read: (text) => (/^[1-9]\d*$/.test(text) ? Number(text) : undefined),
};

const countOrAll: Value = {
  expects: 'a whole number of at least 1, or "all"',
  read: (text) => (text === "all" ? null : count.read(text)),
};

const countOrNone: Value = {
  expects: 'a whole number, or "false" for none',
  read: (text) => (text === "false" || text === "0" ? 0 : count.read(text)),
};

const numberWithin = (expects: string, fits: (value: number) => boolean): Value => ({
  expects,
  read: (text) => {
    const value = readNumber(text);
    return value !== undefined && fits(value) ? value : undefined;
  },
});

const anyNumber = numberWithin("a number", () => true);
const positive = numberWithin("a number above 0", (value) => value > 0);
const notNegative = numberWithin("a number of at least 0", (value) => value >= 0);
const fraction = numberWithin("a number from 0 to 1", (value) => value >= 0 && value <= 1);
const name: Value = { expects: "a name", read: (text) => (text === "" ? undefined : text) };

const oneOf = (...names: readonly string[]): Value => ({
  expects: `one of ${names.join(", ")}`,
  read: (text) => (names.includes(text) ? text : undefined),
});

const truth: Value = {
  expects: "true or false",
  read: (text) => (text === "true" ? true : text === "false" ? false : undefined),
};

/** How an option of a kind of method is read, by its type. */
const optionValues: Readonly<Record<MethodOption["type"], Value>> = { number: anyNumber, boolean: truth, string: name };

const listOf = (item: Value, expects: string): Value => ({
  expects,
  read: (text) => {
    const items = text.split(",").map((part) => item.read(part.trim()));
    return items.includes(undefined) ? undefined : items;
  },
});

const seed = numberWithin("a seed", (value) => Number.isSafeInteger(value) && value >= 0);
const seedList = listOf(seed, "seeds");
const seeds: Value = {
  expects: "a count such as 3 (seeds 0, 1, 2) or a list such as 0,4 (a list of one ends in a comma: 4,)",
  read: (text) => (text.includes(",") ? seedList.read(text.replace(/,$/, "")) : count.read(text)),
};

const split = (side: "source" | "target"): Record<string, OverrideKey> =>
  Object.fromEntries(
    Object.entries({ dataset: name, train: countOrAll, validation: count, test: countOrAll }).map(([key, value]) => [
      `${side}.${key}`,
      { path: ["pairs", "*", side, key], value },
    ]),
  );

const under = (prefix: string, group: string, values: Record<string, Value>): Record<string, OverrideKey> =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [`${prefix}${key}`, { path: group ? [group, key] : [key], value }]),
  );

/** As `under`, for a group that is a list: every member of it is changed. */
const underEach = (prefix: string, group: string, values: Record<string, Value>): Record<string, OverrideKey> =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [`${prefix}${key}`, { path: [group, "*", key], value }]),
  );

const keys: Readonly<Record<string, OverrideKey>> = {
  ...split("source"),
  ...split("target"),
  ...under("", "", {
    model: name,
    methods: listOf(name, "names such as jr,blur,jr+blur"),
    seeds,
    precision: oneOf("float32", "bf16"),
  }),
  ...under("", "schedule", {
    epochs: count,
    batch: count,
    learningRate: positive,
    momentum: fraction,
    weightDecay: notNegative,
    milestones: listOf(fraction, "fractions of the epochs such as 0.5,0.75"),
    decay: fraction,
  }),
  ...under("attack.", "attack", {
    norm: oneOf("l2", "linf"),
    eps: notNegative,
    steps: count,
    stepSize: positive,
    restarts: count,
    examples: countOrAll,
    health: countOrNone,
    target: countOrNone,
  }),
  ...underEach("transfer.", "transfer", {
    protocol: oneOf("frozen", "full", "partial", "few-shot"),
    blocks: count,
    perClass: count,
    draws: count,
    l2: listOf(notNegative, "numbers of at least 0 such as 0.0001,0.001"),
    augment: truth,
  }),
  ...under(
    "strengths.",
    "strengths",
    Object.fromEntries(sweptKinds.map((kind) => [kind, listOf(anyNumber, "numbers such as 0.01,0.1")])),
  ),
  ...Object.fromEntries(sweptKinds.flatMap(optionKeys)),
};

function optionKeys(kind: string): [key: string, OverrideKey][] {
  return Object.entries(methodKind("methods", kind).options).map(([option, { type }]) => [
    `options.${kind}.${option}`,
    { path: ["options", kind, option], value: optionValues[type] },
  ]);
}

/** The keys that `--set` knows, with what each expects. */
export const overrideKeys: ReadonlyMap<string, string> = new Map(
  Object.entries(keys).map(([key, { value }]) => [key, value.expects]),
);

/**
 * A study with `--set key=value` applied, checked again as a whole. Keys of the schedule need no prefix
 * (`epochs=3`; `schedule.epochs=3` is the same). An unknown key lists the known ones and the nearest.
 */
export function applyOverrides(study: Study, settings: readonly string[]): Study {
  const given = new Map<string, unknown>();
  for (const setting of settings) {
    const [key, value] = readSetting(setting);
    if (given.has(key)) throw new InputError(`--set ${key}: expected once, got it twice`);
    given.set(key, value);
  }
  let changed: unknown = study;
  // The methods come first: strengths are checked against them.
  if (given.has("methods")) changed = keepKinds(study, given.get("methods"));
  for (const [key, value] of given) changed = setAt(changed, keys[key]?.path ?? [], value);
  return parseStudy(`study "${study.name}" with --set ${settings.join(" --set ")}`, changed);
}

function readSetting(setting: string): [key: string, value: unknown] {
  const equals = setting.indexOf("=");
  if (equals < 1) throw new InputError(`--set: expected key=value such as epochs=3, got "${setting}"`);
  const key = setting
    .slice(0, equals)
    .trim()
    .replace(/^schedule\./, "");
  const text = setting.slice(equals + 1).trim();
  const known = Object.hasOwn(keys, key) ? keys[key] : undefined;
  if (known === undefined) throw unknownKey(key);
  const value = known.value.read(text);
  if (value === undefined) throw new InputError(`--set ${key}: expected ${known.value.expects}, got "${text}"`);
  return [key, value];
}

/** Lists the known keys, those of a kind or an option of one as what they are made of. */
function unknownKey(key: string): InputError {
  const [prefix = "", kind = "", option] = key.split(".");
  if (prefix === "strengths" && kind !== "") return unknownName(`--set strengths: kind`, kind, sweptKinds);
  if (prefix === "options" && kind !== "") {
    if (!sweptKinds.includes(kind)) return unknownName(`--set options: kind`, kind, sweptKinds);
    return unknownName(`--set options.${kind}: option`, option ?? "", Object.keys(methodKind("methods", kind).options));
  }
  const near = nearest(key, Object.keys(keys));
  const known = [...new Set(Object.keys(keys).map(generalKey))].join(", ");
  return new InputError(`--set: key: expected one of ${known}, got "${key}"${near ? `; did you mean "${near}"?` : ""}`);
}

/** "strengths.jr" -> "strengths.<kind>", "options.jr.projections" -> "options.<kind>.<option>". */
const generalKey = (key: string): string =>
  key.replace(/^strengths\..*/, "strengths.<kind>").replace(/^options\..*/, "options.<kind>.<option>");

function keepKinds(study: Study, methods: unknown): Study {
  const kinds = Array.isArray(methods) ? methods.flatMap(kindsOf) : [];
  const kept = <T>(axis: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(axis).filter(([kind]) => kinds.includes(kind)));
  return { ...study, strengths: kept(study.strengths), options: kept(study.options) };
}

function setAt(value: unknown, path: readonly string[], leaf: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return leaf;
  if (step === "*") return Array.isArray(value) ? value.map((item) => setAt(item, rest, leaf)) : value;
  const members = (value ?? {}) as Record<string, unknown>;
  return { ...members, [step]: setAt(members[step], rest, leaf) };
}

/** A decimal number, or a quotient such as 8/255. */
function readNumber(text: string): number | undefined {
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const parts = text.split("/");
  if (parts.length > 2 || !parts.every((part) => number.test(part))) return undefined;
  const value = parts.map(Number).reduce((quotient, part) => quotient / part);
  return Number.isFinite(value) ? value : undefined;
}
