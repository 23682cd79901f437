import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { choose, InputError, importOwn } from "../base/index.ts";
import { builtInStudies } from "./built-in/index.ts";
import { parseStudy, type Study } from "./study.ts";

/**
 * A built-in study by name, or a study file by path: a module (`.ts`, `.js` or `.mjs`) whose default export is what
 * `defineStudy` takes or gives.
 */
export async function loadStudy(nameOrPath: string): Promise<Study> {
  if (!isStudyPath(nameOrPath)) return choose("study (or the path of a study file)", nameOrPath, builtInStudies);
  const path = resolve(nameOrPath);
  const where = `study file ${basename(path)}`;
  if (!existsSync(path)) throw new InputError(`${where}: expected a file at ${path}, got none`);
  return parseStudy(where, await importOwn(where, path, "defineStudy({ ... })"));
}

/** Whether a word names a study file rather than a study. */
export function isStudyPath(nameOrPath: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$/.test(nameOrPath);
}
