import { readFileSync } from "node:fs";

/** The package's version, from its package.json, which lies two folders above both src/cli and dist/cli. */
export function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
