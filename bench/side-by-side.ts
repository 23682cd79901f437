import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { canonicalJson, choose, InputError, mean, meanInterval } from "../src/base/index.ts";
import { relativeTransferByTrial } from "../src/metrics/index.ts";
import { openStore } from "../src/store/index.ts";
import type { Row } from "../src/studies/index.ts";
import { methodLabel } from "../src/studies/trial.ts";

/**
 * Runs one study in two ways, one after the other, each in a folder of its own, and prints their rows side by side as
 * Markdown: accuracies by method, how far trials differ, and the times of the stages.
 *
 *   node bench/side-by-side.ts engines quickstart [words for carryover run]      oneDNN against onnxruntime
 *   node bench/side-by-side.ts precision quickstart [words for carryover run]    float32 against bf16
 *
 * Exits with 1 where a trial's accuracies differ by more than three standard errors of their n, or the trials' mean
 * difference is not within its 95 % interval of zero by more than a point: two trainings that round differently part ways,
 * but neither may be better than the other.
 */
const comparisons = {
  engines: [
    { name: "oneDNN", words: ["--engine", "onednn"] },
    { name: "onnxruntime", words: ["--engine", "onnxruntime"] },
  ],
  precision: [
    { name: "float32", words: [] },
    { name: "bf16", words: ["--set", "precision=bf16"] },
  ],
} as const;

interface Way {
  readonly name: string;
  readonly words: readonly string[];
}

interface Outcome {
  readonly name: string;
  readonly seconds: number;
  readonly rows: readonly Row[];
}

const entry = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

async function outcomeOf({ name, words }: Way, study: string, more: readonly string[]): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "carryover-side-by-side-"));
  try {
    const began = performance.now();
    const argv = [entry, "run", study, "--no-serve", "--json", ...more, ...words];
    const child = spawn(process.execPath, argv, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
    const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
    if (code !== 0) throw new InputError(`side-by-side: ${name}: carryover run ended with ${code}`);
    const seconds = (performance.now() - began) / 1000;
    const store = await openStore(join(folder, ".carryover"), { visitor: true });
    const [first] = await store.studies();
    const rows = await store.rowsOf(first?.name ?? study);
    await store.close();
    return { name, seconds, rows };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const measures = {
  "source accuracy": (row: Row) => row.source.accuracy,
  "robust accuracy": (row: Row) => row.robust.accuracy,
  "target accuracy": (row: Row) => row.target.accuracy,
} as const;

/** What the two ways share of a trial. */
const key = ({ trial }: Row) => canonicalJson({ ...trial, precision: null });

function paired([a, b]: readonly [Outcome, Outcome]): (readonly [Row, Row])[] {
  const others = new Map(b.rows.map((row) => [key(row), row]));
  return a.rows.map((row) => {
    const other = others.get(key(row));
    if (other === undefined) throw new Error(`side-by-side: ${b.name} has no ${methodLabel(row.trial.methods)}`);
    return [row, other] as const;
  });
}

const table = (rows: readonly (readonly string[])[]) =>
  rows
    .flatMap((row, i) => [row, ...(i === 0 ? [row.map((_, column) => (column === 0 ? "---" : "---:"))] : [])])
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");

const signed = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;

/** Mean over seeds of each method, the two ways beside each other, with the relative transfer accuracy. */
function byMethod(outcomes: readonly [Outcome, Outcome]): string {
  const columns = [
    ...Object.entries(measures).map(([name, of]) => ({ name, of: () => (row: Row) => of(row).value })),
    {
      name: "DT Acc",
      of: ({ rows }: Outcome) => {
        const transfer = relativeTransferByTrial(rows);
        return (row: Row) => transfer.get(row.trialId) ?? Number.NaN;
      },
    },
  ];
  const labels = [...new Set(outcomes[0].rows.map(({ trial }) => methodLabel(trial.methods)))];
  const heading = ["method", ...columns.flatMap(({ name }) => outcomes.map((way) => `${name}, ${way.name}`))];
  const lines = labels.map((label) => [
    label,
    ...columns.flatMap(({ of }) =>
      outcomes.map((outcome) => {
        const value = of(outcome);
        return mean(outcome.rows.filter(({ trial }) => methodLabel(trial.methods) === label).map(value)).toFixed(3);
      }),
    ),
  ]);
  return table([heading, ...lines]);
}

/** How far a trial's two rows differ, and whether that is what trainings that round differently do. */
function differences(pairs: readonly (readonly [Row, Row])[]): { text: string; alike: boolean } {
  let alike = true;
  const lines = Object.entries(measures).map(([name, of]) => {
    const found = pairs.map(([a, b]) => {
      const [{ value: p, n }, { value: q }] = [of(a), of(b)];
      const middle = (p + q) / 2;
      return { by: q - p, allowed: Math.max(1 / n, 3 * Math.sqrt((2 * middle * (1 - middle)) / n)) };
    });
    const all = found.map(({ by }) => by);
    const interval = meanInterval(all);
    const within = found.filter(({ by, allowed }) => Math.abs(by) <= allowed).length;
    const nowhere = interval !== undefined && (interval.low > 0.01 || interval.high < -0.01);
    if (within < found.length || nowhere) alike = false;
    return [
      name,
      signed(mean(all)),
      interval ? `${signed(interval.low)} to ${signed(interval.high)}` : "-",
      Math.max(...all.map(Math.abs)).toFixed(3),
      `${all.filter((by) => by === 0).length} of ${all.length}`,
      `${within} of ${all.length}`,
    ];
  });
  const heading = ["difference", "mean", "95 % interval", "largest", "equal trials", "within 3 standard errors"];
  return { text: table([heading, ...lines]), alike };
}

function times(outcomes: readonly [Outcome, Outcome]): string {
  const stages = ["train", "evaluate", "attack", "transfer"] as const;
  const line = (name: string, of: (outcome: Outcome) => number) => {
    const [a, b] = outcomes.map(of) as [number, number];
    return [name, a.toFixed(1), b.toFixed(1), (a / b).toFixed(2)];
  };
  const [first, second] = outcomes;
  return table([
    ["seconds", first.name, second.name, `${first.name} / ${second.name}`],
    ...stages.map((stage) => line(stage, ({ rows }) => rows.reduce((sum, { seconds }) => sum + seconds[stage], 0))),
    line("whole run, from start to figure", ({ seconds }) => seconds),
  ]);
}

const [what = "", study = "quickstart", ...more] = process.argv.slice(2);
try {
  const [a, b] = choose("side-by-side: comparison", what, comparisons);
  const outcomes = [await outcomeOf(a, study, more), await outcomeOf(b, study, more)] as const;
  const pairs = paired(outcomes);
  const { text, alike } = differences(pairs);
  const engines = outcomes.map(({ name, rows }) => `${name}: ${rows[0]?.environment.engine}`).join("; ");
  process.stdout.write(`${[engines, byMethod(outcomes), text, times(outcomes)].join("\n\n")}\n`);
  if (!alike) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
