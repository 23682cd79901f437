import { execFile } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { InputError } from "../base/index.ts";
import type { OnednnState } from "../engine/index.ts";
import type { Study } from "../studies/index.ts";

export const devices = ["cpu", "webgpu", "cuda"] as const;
export type DeviceName = (typeof devices)[number];

/** Whether the engine computes on a device here, and why not. */
export interface DeviceFinding {
  readonly device: DeviceName;
  readonly works: boolean;
  readonly reason: string;
}

const limitMs = 30_000;

/**
 * Asks the engine for one addition on a device, in a process of its own: a native provider that finds no hardware may
 * print to the terminal, hang, or end its process.
 */
export async function probeDevice(device: DeviceName): Promise<DeviceFinding> {
  const { told, problem } = await askInProcess(device);
  if (!problem && told === "works") return { device, works: true, reason: "" };
  return { device, works: false, reason: told || (problem ?? "no answer") };
}

const onednnSchema = z.discriminatedUnion("usable", [
  z.object({
    usable: z.literal(true),
    version: z.string(),
    instructions: z.string(),
    verified: z.boolean(),
    build: z.string().optional(),
    bf16: z.boolean(),
  }),
  z.object({ usable: z.literal(false), reason: z.string() }),
]);

/** Looks for oneDNN and tests it, in a process of its own: a library may meet instructions that this CPU lacks. */
export async function probeOnednn(): Promise<OnednnState> {
  const { told, problem } = await askInProcess("onednn");
  if (problem === undefined)
    try {
      return onednnSchema.parse(JSON.parse(told));
    } catch {
      return { usable: false, reason: told || "no answer" };
    }
  return { usable: false, reason: problem };
}

/** The last line that the probing process printed, and how it failed if it did. */
function askInProcess(word: DeviceName | "onednn"): Promise<{ told: string; problem?: string }> {
  const script = fileURLToPath(new URL(`./device-probe-process${extname(import.meta.url)}`, import.meta.url));
  const argv = ["--disable-warning=ExperimentalWarning", script, word];
  return new Promise((resolve) => {
    execFile(process.execPath, argv, { timeout: limitMs }, (error, stdout) => {
      const told = stdout.trim().split("\n").at(-1) ?? "";
      resolve({ told, ...(error && { problem: error.message.split("\n")[0] ?? "no answer" }) });
    });
  });
}

/** Whether a study can be trained in its precision; throws InputError before anything is downloaded or trained. */
export async function checkPrecision({ name, precision }: Study, device: DeviceName): Promise<void> {
  if (precision !== "bf16") return;
  const refuse = (got: string) =>
    new InputError(
      `study "${name}": precision: bf16 expects oneDNN on a processor that multiplies bf16 (avx512_core_bf16 or AMX), got ${got}`,
    );
  if (device !== "cpu") throw refuse(`--device ${device}`);
  const engine = process.env.CARRYOVER_ENGINE;
  if (engine === "onnxruntime") throw refuse("onnxruntime, which was asked for");
  const state = await probeOnednn();
  if (!state.usable) throw refuse(`onnxruntime, since ${state.reason}`);
  const found = `oneDNN ${state.version} with ${state.instructions}`;
  if (!state.bf16) throw refuse(found);
  if (!state.verified && engine !== "onednn") throw refuse(`${found}, which only --engine onednn takes`);
}

/** The CPU always works; others are tried before anything is downloaded or trained for them. */
export async function checkDevice(device: DeviceName): Promise<void> {
  if (device === "cpu") return;
  const { works, reason } = await probeDevice(device);
  if (!works)
    throw new InputError(
      `--device: expected a device that works on this machine, got "${device}", which does not: ${reason}`,
    );
}
