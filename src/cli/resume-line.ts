import { relative } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The line that continues an interrupted run: the same words with --resume in place of --fresh, said to the same door
 * (npm, the source file, or the installed command).
 */
export function resumeLine(argv: readonly string[], entry: string, environment: Environment = process.env): string {
  const words = [...argv.filter((word) => word !== "--fresh" && word !== "--resume"), "--resume"].map(quoted).join(" ");
  if (environment.npm_lifecycle_event !== undefined && environment.npm_package_name === "carryover")
    return `npm run carryover -- ${words}`;
  if (entry.endsWith(".ts")) return `node ${quoted(relative(process.cwd(), entry))} ${words}`;
  return `carryover ${words}`;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
