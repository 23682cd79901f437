import { globSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { identity } from "../../src/base/index.ts";
import { BrokenCopy, type Placed } from "./copy.ts";
import { mutantsOf } from "./mutants.ts";
import { parts } from "./parts.ts";

/**
 * Tests the tests: makes small faults in the program, one at a time, runs the tests that concern it, and tells the faults
 * that no test noticed. `npm run test:mutations -- [PART | FILE | FILE:LINE]... [--sample N] [--seed N]`: every part
 * without a name, N faults of each part, drawn by seed; all of the faults of a file or line that is named.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sample: { type: "string", default: "40" }, seed: { type: "string", default: "1" } },
});
const sample = Number(values.sample);
if (!(sample >= 1)) throw new Error(`--sample: expected a number of at least 1, got ${values.sample}`);

const tell = (line: string) => process.stdout.write(`${line}\n`);
const short = (text: string) => (text.length > 70 ? `${text.slice(0, 67)}...` : text).replaceAll(/\s+/g, " ");
const told = ({ file, line, from, to }: Placed) => `${file}:${line}  ${short(from)}  =>  ${short(to)}`;

const sourcesOf = (part: string): string[] =>
  globSync([...(parts[part]?.sources ?? [])], { exclude: [...(parts[part]?.without ?? [])] }).sort();

interface Choice {
  /** As it was named. */
  readonly word: string;
  readonly part: string;
  readonly possible: number;
  /** In the order in which they are tried, until `wanted` were that the compiler takes. */
  readonly mutants: readonly Placed[];
  readonly wanted: number;
}

function choose(word: string): Choice {
  if (word in parts) {
    const all = sourcesOf(word).flatMap(mutantsIn);
    const drawn = all.toSorted((a, b) => (a.lot < b.lot ? -1 : 1)).slice(0, 2 * sample);
    return { word, part: word, possible: all.length, mutants: drawn, wanted: sample };
  }
  const [file = "", line] = word.split(":");
  const part = Object.keys(parts).find((name) => sourcesOf(name).includes(file));
  if (!part) throw new Error(`${word}: expected a part (${Object.keys(parts).join(", ")}) or one of their files`);
  const all = mutantsIn(file).filter((mutant) => line === undefined || mutant.line === Number(line));
  return { word, part, possible: all.length, mutants: all, wanted: all.length };
}

/** A fault's lot is drawn by what it changes, so that it stays the same when other lines of its file change. */
function mutantsIn(file: string) {
  const source = readFileSync(file, "utf8");
  const lines = source.split("\n");
  return mutantsOf(file, source).map((mutant) => {
    const column = mutant.start - source.lastIndexOf("\n", mutant.start - 1);
    const { from, to, line } = mutant;
    return { ...mutant, file, lot: identity([values.seed, file, lines[line - 1] ?? "", column, from, to]) };
  });
}

type Outcome = "killed" | "timed out" | "survived";

/** Of a stage; none would be taken for all. */
function filesOf(tests: readonly string[]): string[] {
  const files = globSync([...tests]);
  if (files.length === 0) throw new Error(`expected test files, got none of ${tests.join(", ")}`);
  return files;
}

/** Seconds that each stage's tests may take; throws when they fail by themselves. */
async function limitsOf(part: string): Promise<number[]> {
  const limits: number[] = [];
  for (const { project, tests } of parts[part]?.stages ?? []) {
    const { code, seconds, output } = await copy.test(project, filesOf(tests), 1800);
    if (code !== 0) throw new Error(`${part}: the tests fail without a fault:\n${output.slice(-4000)}`);
    // A fault may make the tests slower, the machine may be busy, and an endless loop must end.
    limits.push(30 + 4 * seconds);
  }
  return limits;
}

async function outcomeOf(part: string, mutant: Placed, limits: readonly number[]): Promise<Outcome> {
  for (const [i, { project, tests }] of (parts[part]?.stages ?? []).entries()) {
    const { code } = await copy.withMutant(mutant, () => copy.test(project, filesOf(tests), limits[i] ?? 0));
    if (code !== 0) return code === null ? "timed out" : "killed";
  }
  return "survived";
}

const copy = new BrokenCopy();
process.once("SIGINT", () => {
  copy.close();
  process.exit(130);
});
const rows: string[] = [];
const survivors: string[] = [];
try {
  const choices = (positionals.length > 0 ? positionals : Object.keys(parts)).map(choose);
  const typed = new Set(await copy.wellTyped(choices.flatMap(({ mutants }) => mutants)));
  const limits = new Map<string, readonly number[]>();
  for (const { word, part, possible, mutants, wanted } of choices) {
    const tried = mutants.filter((mutant) => typed.has(mutant)).slice(0, wanted);
    const partLimits = limits.get(part) ?? (await limitsOf(part));
    limits.set(part, partLimits);
    const counts = { killed: 0, "timed out": 0, survived: 0 };
    for (const [i, mutant] of tried.entries()) {
      const outcome = await outcomeOf(part, mutant, partLimits);
      counts[outcome] += 1;
      if (outcome === "survived") survivors.push(told(mutant));
      tell(`${word} ${i + 1}/${tried.length}  ${outcome}  ${told(mutant)}`);
    }
    const noticed = `${Math.round((100 * (tried.length - counts.survived)) / tried.length)} %`;
    rows.push(`| ${[word, possible, tried.length, ...Object.values(counts), noticed].join(" | ")} |`);
  }
} finally {
  copy.close();
}
tell("\n| part | possible | tried | killed | timed out | survived | noticed |");
tell("|---|---|---|---|---|---|---|");
for (const row of rows) tell(row);
if (survivors.length > 0) tell(`\nSurvived:\n${survivors.join("\n")}`);
