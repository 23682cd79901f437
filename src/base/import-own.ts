import { registerHooks } from "node:module";
import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { InputError } from "./errors.ts";

let selfIsKnown = false;

/**
 * The default export of a module of the user's own. `import ... from "carryover"` there means this very package, installed
 * beside the file or not. Throws InputError when it does not load or has no default export; `wanted` is what it should
 * have, such as `defineStudy({ ... })`.
 */
export async function importOwn(where: string, path: string, wanted: string): Promise<unknown> {
  if (!selfIsKnown) registerHooks({ resolve: resolveSelf });
  selfIsKnown = true;
  const module = await loaded(where, path);
  if (module.default === undefined)
    throw new InputError(`${where}: expected "export default ${wanted}", got no default export`);
  return module.default;
}

const self = new URL(`../index${extname(import.meta.url)}`, import.meta.url).href;

const resolveSelf: Parameters<typeof registerHooks>[0]["resolve"] = (specifier, context, next) =>
  specifier === "carryover" ? { url: self, shortCircuit: true } : next(specifier, context);

async function loaded(where: string, path: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    if (cause instanceof InputError) throw new InputError(`${where}: ${cause.message}`, { cause });
    // The compiler's complaints go on for several lines; the first says what is wrong.
    const [message] = String(cause).trim().split("\n");
    throw new InputError(`${where}: expected a module that loads, got ${message}${lineOf(path, cause)}`, { cause });
  }
}

/** " at line 3", where the compiler says so: its stack then begins with the file and the line. */
function lineOf(path: string, cause: unknown): string {
  const [first = ""] = (cause instanceof Error ? (cause.stack ?? "") : "").split("\n");
  const file = [path, pathToFileURL(path).href].find((name) => first.startsWith(`${name}:`));
  const line = file === undefined ? undefined : /^:(\d+)$/.exec(first.slice(file.length))?.[1];
  return line === undefined ? "" : ` at line ${line}`;
}
