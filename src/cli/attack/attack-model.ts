import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Health, type Victim, VictimOnThreads, victimOf } from "../../attacks/index.ts";
import { digestTree } from "../../engine/index.ts";
import { type ImportOptions, type LoadedModel, loadModel } from "../../models/index.ts";
import type { AttackRequest } from "../commands/attack.ts";
import { catchInterrupt, tellOfInterrupt } from "../interrupt.ts";
import { exitCodes, type Launch } from "../launch.ts";
import { complain, printJson } from "../output.ts";
import { downloadReporter } from "../progress/downloads.ts";
import { resumeLine } from "../resume-line.ts";
import { importOptions } from "../transfer/candidate.ts";
import { Findings } from "./findings.ts";
import { type AtEps, healthAt, type Measuring, measureAt } from "./measure.ts";
import { progressLine } from "./progress-line.ts";
import { printAttack, writeAttack } from "./report.ts";
import { type Subject, subjectOf } from "./subject.ts";

/** The whole of an attack: model and data, verdicts at each eps, health, then what is written and said. */
export async function attackModel(
  name: string,
  request: AttackRequest,
  argv: readonly string[],
  { entry }: Launch,
): Promise<number> {
  const interrupt = catchInterrupt();
  const { signal } = interrupt;
  try {
    const reading = importOptions(request);
    const subject = await loaded(name, request, reading, signal);
    const checkpoint = digestTree(subject.parameters);
    const outDir =
      request.out ??
      join("results", `attack-${subject.model.name}-${checkpoint.slice(0, 8)}-${request.attack}-${request.norm}`);
    const state = join(outDir, "verdicts.json");
    if (request.fresh) await rm(state, { force: true });
    const findings = await Findings.open(state);
    const victim = victimFor(subject.path, subject, request, reading);
    const rivalModel = request.rival === undefined ? undefined : await loadModel(request.rival, reading);
    const rival = rivalModel && victimFor(request.rival ?? "", rivalModel, request, reading);
    const measuring: Measuring = { subject, victim, findings, checkpoint, seed: subject.source.seed, signal };
    try {
      const { points, health } = await tellOfInterrupt(signal, complain, () => measured(measuring, request, rival));
      const files = await writeAttack({ measuring, request, points, health, outDir });
      printAttack({ measuring, request, points, health, files });
      return exitCodes.done;
    } finally {
      await victim.dispose();
      await rival?.dispose();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    const resume = resumeLine(argv, entry);
    complain(`Interrupted; the verdicts so far are kept. To go on: ${resume}`);
    if (request.json) printJson({ event: "interrupted", resume });
    return exitCodes.interrupted;
  } finally {
    interrupt.dispose();
  }
}

/** On the CPU as many threads as there are cores; another device takes one call at a time. */
function victimFor(path: string, loaded: LoadedModel, { device }: AttackRequest, reading: ImportOptions): Victim {
  if (device !== "cpu") return victimOf(loaded.model, loaded.parameters, { device });
  return new VictimOnThreads(path, loaded, { device, reading, threads: availableParallelism() });
}

async function loaded(
  model: string,
  request: AttackRequest,
  reading: ImportOptions,
  signal: AbortSignal,
): Promise<Subject> {
  const downloads = downloadReporter(request.json ?? false);
  try {
    const { dataset, n, seed } = request;
    const { progress: onProgress } = downloads;
    return await subjectOf({ model, reading, dataset, n, seed, places: request, onProgress, signal });
  } finally {
    downloads.done();
  }
}

/** Every radius of the curve and the one that was asked for, then the health checks of that one. */
async function measured(
  measuring: Measuring,
  request: AttackRequest,
  rival: Parameters<typeof healthAt>[4],
): Promise<{ readonly points: readonly AtEps[]; readonly health: Health | undefined }> {
  const line = progressLine();
  try {
    const points: AtEps[] = [];
    for (const eps of new Set([request.eps, ...(request.curve ?? [])]))
      points.push(await line.follow(measureAt(measuring, request, eps)));
    const [main] = points;
    const health =
      main && request.health > 0
        ? await line.follow(healthAt(measuring, request, main, request.health, rival))
        : undefined;
    return { points, health };
  } finally {
    line.end();
  }
}
