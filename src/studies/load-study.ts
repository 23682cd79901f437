import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { choose, InputError } from "../base/index.ts";
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
  const module = await importFile(where, path);
  if (module.default === undefined)
    throw new InputError(`${where}: expected "export default defineStudy({ ... })", got no default export`);
  return parseStudy(where, module.default);
}

/** Whether a word names a study file rather than a study. */
export function isStudyPath(nameOrPath: string): boolean {
  return /[/\\]|\.[cm]?[jt]s$/.test(nameOrPath);
}

async function importFile(where: string, path: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    if (cause instanceof InputError) throw new InputError(`${where}: ${cause.message}`, { cause });
    // The compiler's complaints go on for several lines; the first says what is wrong.
    const [message] = String(cause).trim().split("\n");
    throw new InputError(`${where}: expected a module that loads, got ${message}`, { cause });
  }
}
