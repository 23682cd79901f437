import { choose, InputError } from "../base/index.ts";
import type { Executable } from "./executable.ts";
import type { Node } from "./nodes.ts";
import { multipliesBf16 } from "./onednn/about.ts";
import type { Dnnl, Precision } from "./onednn/dnnl.ts";
import { prepareOnednn } from "./onednn/executor.ts";
import { complaintAbout } from "./onednn/health.ts";
import { type Found, findDnnl } from "./onednn/library.ts";
import { type Team, teamOf } from "./onednn/team.ts";
import { isVerified, verifiedBuild } from "./onednn/verified.ts";
import { Unsupported } from "./onednn/workspace.ts";
import { type ExecutorOptions, prepareOnnxruntime } from "./onnxruntime.ts";

/** What computes on the CPU. `auto` takes oneDNN where it was verified and passes its self-test. */
const engines = { auto: "auto", onnxruntime: "onnxruntime", onednn: "onednn" } as const;
export type EngineName = keyof typeof engines;

/** The oneDNN of this system, or why it cannot be used. */
export type OnednnState =
  | {
      readonly usable: true;
      readonly version: string;
      readonly instructions: string;
      /** Its version passed the engine's whole test suite. */
      readonly verified: boolean;
      /** The very build that did; undefined for another one, of which the self-test alone has judged. */
      readonly build?: string | undefined;
      /** The processor computes in bf16, and passes the self-test in it. */
      readonly bf16: boolean;
    }
  | { readonly usable: false; readonly reason: string };

let found: Promise<Found> | undefined;
let foundInBf16: Promise<boolean> | undefined;

/** Looks for oneDNN and tests it, once in a process. */
export async function onednnState(): Promise<OnednnState> {
  const tested = await onednn();
  if (!("dnnl" in tested)) return { usable: false, reason: tested.reason };
  const { version, instructions } = tested.dnnl;
  const bf16 = await computesInBf16(tested.dnnl);
  return { usable: true, version, instructions, verified: isVerified(version), build: verifiedBuild(), bf16 };
}

function onednn(): Promise<Found> {
  found ??= testedDnnl();
  return found;
}

async function testedDnnl(): Promise<Found> {
  const library = findDnnl();
  if (!("dnnl" in library)) return library;
  const complaint = await complaintAbout(library.dnnl).catch(String);
  return complaint === undefined
    ? library
    : { reason: `oneDNN ${library.dnnl.version} fails its self-test: ${complaint}` };
}

/** Whether the processor multiplies bf16, and does so right. */
function computesInBf16(dnnl: Dnnl): Promise<boolean> {
  foundInBf16 ??= (async () =>
    multipliesBf16(dnnl.instructions) && (await complaintAbout(dnnl, "bf16").catch(String)) === undefined)();
  return foundInBf16;
}

const used = new Set<string>();

/** What has computed on the CPU in this process so far: "oneDNN 2.6.3 avx512_core", "onnxruntime". */
export const usedEngines = (): readonly string[] => [...used].sort();

/** The engine that the variable CARRYOVER_ENGINE asks for. */
export const wantedEngine = (): EngineName =>
  choose("CARRYOVER_ENGINE", process.env.CARRYOVER_ENGINE || "auto", engines);

export interface PrepareOptions extends ExecutorOptions {
  readonly precision: Precision;
}

/**
 * Makes a program ready: on oneDNN where that is wanted and can do it, else on onnxruntime. Throws InputError for a
 * precision that cannot be had.
 */
export async function prepare(outputs: readonly Node[], options: PrepareOptions): Promise<Executable> {
  const dnnl = options.device === "cpu" ? await chosenDnnl() : undefined;
  if (options.precision === "bf16") {
    const got = dnnl ? `oneDNN ${dnnl.version} ${dnnl.instructions}` : "onnxruntime";
    if (!dnnl || !(await computesInBf16(dnnl))) throw new InputError(`precision: ${bf16Needs}, got ${got}`);
  }
  if (dnnl)
    try {
      const team = options.threads > 1 ? await gathered(options.threads, dnnl) : undefined;
      const executable = prepareOnednn(outputs, dnnl, { team, precision: options.precision });
      used.add(`oneDNN ${dnnl.version} ${dnnl.instructions}`);
      return executable;
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      if (options.precision === "bf16") throw new InputError(`precision: bf16: oneDNN cannot do ${error.message}`);
      warn(`oneDNN cannot do ${error.message}; onnxruntime runs the function that needs it`);
    }
  used.add("onnxruntime");
  return prepareOnnxruntime(outputs, options);
}

/** A team of threads; none where threads cannot be had, which is told. */
async function gathered(threads: number, dnnl: Dnnl): Promise<Team | undefined> {
  try {
    return await teamOf(threads, dnnl);
  } catch (error) {
    warn(`oneDNN computes on one thread, since others could not begin: ${error}`);
    return undefined;
  }
}

async function chosenDnnl(): Promise<Dnnl | undefined> {
  const wanted = wantedEngine();
  if (wanted === "onnxruntime") return undefined;
  const tested = await onednn();
  if ("dnnl" in tested) return wanted === "onednn" || isVerified(tested.dnnl.version) ? tested.dnnl : undefined;
  if (wanted === "onednn") warn(`oneDNN was asked for but cannot be used, onnxruntime goes on: ${tested.reason}`);
  return undefined;
}

/** What precision: "bf16" stands on. */
const bf16Needs = "bf16 expects oneDNN on a processor that multiplies bf16 (avx512_core_bf16 or AMX)";

const told = new Set<string>();

/** Tells a sentence once in a process. */
function warn(sentence: string): void {
  if (told.has(sentence)) return;
  told.add(sentence);
  process.emitWarning(sentence);
}
