import { existsSync, statSync } from "node:fs";
import type { Command } from "commander";
import { choose, InputError } from "../base/index.ts";

/** Collects an option that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** Reads a whole number of at least `least`. */
export const countOption =
  (name: string, least: 0 | 1 = 1) =>
  (text: string): number => {
    if (!/^(0|[1-9]\d{0,5})$/.test(text) || Number(text) < least)
      throw new InputError(`${name}: expected a whole number from ${least} to 999999, got "${text}"`);
    return Number(text);
  };

/** Reads a seed. */
export function seedOption(text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new InputError(`--seed: expected a whole number from 0 to 999999999, got "${text}"`);
  return Number(text);
}

/** Reads a number of at least 0, also as a fraction. */
export const amountOption =
  (name: string) =>
  (text: string): number => {
    const parts = text
      .split("/")
      .map((part) => (/^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(part.trim()) ? Number(part) : Number.NaN));
    const value = parts.reduce((quotient, part) => quotient / part);
    if (parts.length > 2 || !(value >= 0) || !Number.isFinite(value))
      throw new InputError(`${name}: expected a number of at least 0, such as 0.25 or 8/255, got "${text}"`);
    return value;
  };

/** Reads the folder of --out, which need not be there yet. */
export function folderOption(text: string): string {
  if (existsSync(text) && !statSync(text).isDirectory())
    throw new InputError(`--out: expected a folder, got "${text}", which is a file`);
  return text;
}

/** Reads the file of --out that a model is written to. */
export function modelFileOption(text: string): string {
  if (!/\.(onnx|safetensors)$/.test(text))
    throw new InputError(`--out: expected a file that ends in .safetensors or .onnx, got "${text}"`);
  return text;
}

/** Throws InputError where --resume and --fresh are both given. */
export function resumeOrFresh(command: string, { resume, fresh }: { resume?: boolean; fresh?: boolean }): void {
  if (resume && fresh) throw new InputError(`${command}: expected at most one of --resume and --fresh, got both`);
}

export const databaseHelp = "a PostgreSQL shared with workers elsewhere (default: CARRYOVER_DATABASE, else .carryover)";

/** The PostgreSQL of --database or CARRYOVER_DATABASE; undefined for the folder .carryover. InputError for what is no URL, without its words: they may hold a password. */
export function databaseFor(option: string | undefined): string | undefined {
  const url = option ?? (process.env.CARRYOVER_DATABASE || undefined);
  if (url !== undefined && !/^postgres(ql)?:\/\//i.test(url))
    throw new InputError(
      `${option === undefined ? "CARRYOVER_DATABASE" : "--database"}: expected a URL such as postgres://user:password@host:5432/name, got another form`,
    );
  return url;
}

/** Reads a study's urgency. */
export function priorityOption(text: string): number {
  if (!/^-?\d{1,6}$/.test(text)) throw new InputError(`--priority: expected a whole number, got "${text}"`);
  return Number(text);
}

/** Reads one of a few names. */
export const nameOption =
  <Name extends string>(option: string, names: readonly Name[]) =>
  (text: string): Name =>
    choose(option, text, Object.fromEntries(names.map((name) => [name, name])) as Record<string, Name>);

/** Reads a device. What PyTorch's users call a GPU is no name of one. */
export function deviceOption(text: string): "cpu" | "webgpu" | "cuda" {
  if (/^(gpu|mps|rocm|cuda:\d+)$/.test(text))
    throw new InputError(
      `--device: expected one of cpu, webgpu, cuda, got "${text}"; cuda is the first NVIDIA GPU, webgpu any GPU; carryover doctor says which are there`,
    );
  return nameOption("--device", ["cpu", "webgpu", "cuda"])(text);
}

/** Reads names separated by commas. */
export const namesOption =
  <Name extends string>(option: string, names: readonly Name[]) =>
  (text: string): Name[] =>
    text.split(",").map((name) => nameOption(option, names)(name.trim()));

/** `--skip-corrupt`, for commands that load images. */
export const skipCorruptOption = [
  "--skip-corrupt",
  "leave out images that cannot be decoded, instead of ending; they are counted and named",
] as const;

export const artifactsOption = [
  "--artifacts <folder>",
  "where models and checkpoints are kept (default: .carryover/work)",
] as const;

export const dataOption = [
  "--data <folder>",
  "a folder to look for data in; may be given several times",
  collect,
] as const;

/** Where a command that looks at what was trained finds rows, models and images. */
export interface TrainedPlaces {
  readonly database?: string;
  readonly artifacts?: string;
  readonly data?: readonly string[];
  readonly skipCorrupt?: boolean;
}

/** The options of `TrainedPlaces`, as `run` has them. */
export const withPlaces = (command: Command): Command =>
  command
    .option("--database <url>", databaseHelp)
    .option(...artifactsOption)
    .option(...dataOption)
    .option(...skipCorruptOption);

/** Reads a number for each of the three colours. */
export const channelsOption = (option: string) => (text: string) => {
  const values = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (values.length !== 3 || !values.every(Number.isFinite) || (option === "--std" && values.some((v) => v <= 0)))
    throw new InputError(
      `${option}: expected three numbers${option === "--std" ? " above 0" : ""} such as 0.485,0.456,0.406, got "${text}"`,
    );
  return values;
};
