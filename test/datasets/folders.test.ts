import { delimiter, join, resolve } from "node:path";
import { expect, test } from "vitest";
import { dataFolders } from "../../src/datasets/index.ts";

test("CARRYOVER_DATA holds several folders; empty parts are nothing", () => {
  const { dataDirs } = dataFolders({ CARRYOVER_DATA: ["one", "", "two"].join(delimiter) });
  expect(dataDirs).toEqual([resolve("one"), resolve("two")]);
  expect(dataFolders({}).dataDirs).toEqual([]);
});

test("the cache is CARRYOVER_CACHE, else in XDG_CACHE_HOME, else in the home folder's .cache", () => {
  expect(dataFolders({ CARRYOVER_CACHE: "mine", XDG_CACHE_HOME: "/x" }).cacheDir).toBe(resolve("mine"));
  expect(dataFolders({ XDG_CACHE_HOME: resolve("/x") }).cacheDir).toBe(resolve("/x/carryover"));
  expect(dataFolders({}).cacheDir.endsWith(join(".cache", "carryover"))).toBe(true);
});
