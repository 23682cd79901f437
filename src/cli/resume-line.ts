import { relative } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The line that continues an interrupted run: the same words with --resume in place of --fresh, said to the same door
 * (npm, the source file, or the installed command).
 */
export function resumeLine(argv: readonly string[], entry: string, environment: Environment = process.env): string {
  const kept = argv.filter((word) => word !== "--fresh" && word !== "--resume");
  const words = shown([...kept, "--resume"]);
  if (environment.npm_lifecycle_event !== undefined && environment.npm_package_name === "carryover")
    return `npm run carryover -- ${words}`;
  if (entry.endsWith(".ts")) return `node ${quoted(relative(process.cwd(), entry))} ${words}`;
  return `carryover ${words}`;
}

/** What was typed, for files that say what made them. */
export const typedLine = (argv: readonly string[] = process.argv.slice(2)): string => `carryover ${shown(argv)}`;

const shown = (argv: readonly string[]): string => argv.map((word) => quoted(withoutPassword(word))).join(" ");

/**
 * A word of the command line as it may be shown. What is printed or written lands in logs and papers; CARRYOVER_DATABASE,
 * or PostgreSQL's own password file, can say the rest.
 */
export function withoutPassword(word: string): string {
  return word.replace(/postgres(?:ql)?:\/\/.*/is, (url) => {
    const [address = "", ...queries] = url.split("?");
    // A password may hold an @ of its own, as URLs are read: who ends at the last one before the path.
    const who = address.replace(/^([^:]*:\/\/[^:@/]*):[^/]*@/, "$1@");
    const kept = queries
      .join("?")
      .split("&")
      .filter((pair) => !isSecret(pair))
      .join("&");
    return kept === "" ? who : `${who}?${kept}`;
  });
}

/** password=..., also spelt pass%77ord=..., and the sslpassword of a key. */
function isSecret(pair: string): boolean {
  const [key = ""] = new URLSearchParams(pair).keys();
  return /pass/i.test(key);
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
