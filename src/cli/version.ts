import { readFileSync } from "node:fs";

/** The package's version, from its package.json, which lies two folders above both src/cli and dist/cli. */
export function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(text) as { version: string };
  return version;
}

/** The oldest Node that runs studies: it has node:sqlite and strips types from study files. */
const oldestNode: readonly [major: number, minor: number] = [22, 18];

/** What is wrong with this Node, as the end of a sentence; undefined when nothing is. */
export function nodeComplaint(running = process.versions.node): string | undefined {
  const [major = 0, minor = 0] = running.split(".").map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `expected Node ${oldestNode.join(".")} or newer, got ${running}`;
}
