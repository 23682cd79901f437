import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { choose, InputError } from "../src/base/index.ts";
import { convolutionCeiling, type Line, lines, sgemmCeiling } from "./lines/index.ts";
import { describeMachine } from "./machine.ts";
import { type BenchOptions, parseOptions, usage } from "./options.ts";
import { publish } from "./publish.ts";
import { type Ceilings, ceilingsOf, type Result, resultOf, unavailable } from "./result.ts";
import { type RunOptions, runLine } from "./run-line.ts";
import { ceilingsText, machineText, remarks, textTable } from "./table.ts";
import { findTorch, howToInstall, type Torch } from "./torch.ts";

/** The benchmark against PyTorch: `npm run bench`, see docs/benchmark.md. */
try {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) console.log(usage);
  else if (options.list)
    for (const { name, title } of Object.values(lines)) console.log(`${name.padEnd(24)}  ${title}`);
  else await bench(options);
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function bench(options: BenchOptions): Promise<void> {
  const at = new Date().toISOString();
  const { threads, rounds } = options;
  const torch = await torchFor(options);
  const machine = await describeMachine(torch, threads);
  console.error(machineText(machine));
  warnOfLoad();
  const folder = await mkdtemp(join(tmpdir(), "carryover-bench-"));
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      rmSync(folder, { recursive: true, force: true });
      process.exit(130);
    });
  try {
    const run = { threads, rounds, torch, folder, onednn: machine.versions.oneDNN !== undefined };
    const chosen = options.only.map((name) => choose("line", name, lines));
    const { ceilings, measured } = await measureCeilings(chosen, run);
    if (ceilings) console.error(`Ceilings: ${ceilingsText(ceilings)}.`);
    const results: Result[] = [];
    for (const line of chosen) {
      console.error(`${line.name}: ${line.title}`);
      const result = measured.find(({ name }) => name === line.name) ?? (await measure(line, run, ceilings));
      results.push(result);
      if (options.json) console.log(JSON.stringify(result));
      else console.error(textTable([result]).split("\n").at(-1));
    }
    if (!options.json) console.log(`\n${textTable(results)}\n\n${remarks(results).join("\n")}`);
    if (options.write)
      for (const path of await publish({ at, machine, ceilings, rounds, results })) console.error(`Wrote ${path}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function torchFor({ withoutPytorch, python }: BenchOptions): Promise<Torch | undefined> {
  if (withoutPytorch) return undefined;
  const torch = await findTorch(python);
  if (!torch)
    console.error(`The PyTorch columns stay empty: no Python here can import torch. On Debian: ${howToInstall}`);
  else if (torch.environment.LD_LIBRARY_PATH === undefined && process.platform === "linux")
    console.error(`Debian's torch is slow without OpenBLAS for OpenMP: ${howToInstall}`);
  return torch;
}

function warnOfLoad(): void {
  const load = loadavg()[0] ?? 0;
  if (load > 0.5)
    console.error(`Times will be unreliable: something else is using this machine (load ${load.toFixed(1)}).`);
}

/** Both ceilings, when a line has arithmetic to compare with them; in few rounds unless they are asked for themselves. */
async function measureCeilings(
  chosen: readonly Line[],
  run: RunOptions,
): Promise<{ ceilings: Ceilings | undefined; measured: readonly Result[] }> {
  const reasons = await Promise.all(chosen.map((line) => line.unavailable?.()));
  if (!chosen.some((line, i) => line.flops && reasons[i] === undefined)) return { ceilings: undefined, measured: [] };
  const measured: Result[] = [];
  for (const line of [sgemmCeiling, convolutionCeiling]) measured.push(await measure(line, run, undefined));
  const ceilings = ceilingsOf(measured);
  return { ceilings, measured: measured.map((result) => withShare(result, ceilings)) };
}

function withShare(result: Result, ceilings: Ceilings | undefined): Result {
  const ceiling = result.name === sgemmCeiling.name ? ceilings?.sgemm : ceilings?.convolution;
  return { ...result, shareOfCeiling: ceiling && result.gflops !== null ? result.gflops / ceiling : null };
}

async function measure(line: Line, run: RunOptions, ceilings: Ceilings | undefined): Promise<Result> {
  const reason = await line.unavailable?.();
  if (reason !== undefined) return unavailable(line, reason);
  return resultOf(line, await runLine(line, run), ceilings);
}
