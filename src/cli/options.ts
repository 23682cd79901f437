import { choose, InputError } from "../base/index.ts";

/** Collects an option that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** Reads a whole number of at least 1. */
export const countOption =
  (name: string) =>
  (text: string): number => {
    if (!/^[1-9]\d{0,5}$/.test(text))
      throw new InputError(`${name}: expected a whole number from 1 to 999999, got "${text}"`);
    return Number(text);
  };

/** Reads one of a few names. */
export const nameOption =
  <Name extends string>(option: string, names: readonly Name[]) =>
  (text: string): Name =>
    choose(option, text, Object.fromEntries(names.map((name) => [name, name])) as Record<string, Name>);

/** Reads names separated by commas. */
export const namesOption =
  <Name extends string>(option: string, names: readonly Name[]) =>
  (text: string): Name[] =>
    text.split(",").map((name) => nameOption(option, names)(name.trim()));
