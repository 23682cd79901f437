import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { InputError, readWhole, type Tensor } from "../base/index.ts";
import { decodeSafetensors, flattenTree, writeSafetensors } from "../engine/index.ts";
import { type Parameters, parametersLike } from "../models/index.ts";
import type { TrainingState } from "../training/index.ts";

/** A training state on disk, with the time that went into it. */
export interface Checkpoint {
  readonly state: TrainingState;
  /** Seconds of training behind it. */
  readonly seconds: number;
}

/**
 * Writes a training state as safetensors, whole or not at all. `stage` is the identity of the source stage, which the
 * file repeats. A finished model needs no velocity; one that is to be trained further does.
 */
export async function saveCheckpoint(
  path: string,
  { state, seconds }: Checkpoint,
  { stage, model, velocity }: { readonly stage: string; readonly model: string; readonly velocity: boolean },
): Promise<void> {
  const { f, g } = state.parameters;
  const tensors = flattenTree(velocity ? { f, g, velocity: state.velocity } : { f, g });
  const metadata = { format: "carryover", stage, model, epochs: String(state.epochs), seconds: String(seconds) };
  await writeSafetensors(path, tensors, metadata);
}

/**
 * The checkpoint of a stage, or undefined when there is none. `like` is a fresh state of the same model, whose names and
 * shapes the file must have. A file that is damaged or of another stage or model counts as none: it is a cache, and what
 * it held can be trained again. Throws InputError when the file cannot be read at all.
 */
export async function loadCheckpoint(
  path: string,
  stage: string,
  like: Parameters<Tensor<"float32">>,
): Promise<Checkpoint | undefined> {
  if (!existsSync(path)) return undefined;
  const bytes = await readWhole(path);
  try {
    const { tensors, metadata } = decodeSafetensors(bytes, path);
    const parameters = parametersLike(path, like, tensors);
    const hasVelocity = Object.keys(tensors).some((name) => name.startsWith("velocity."));
    const velocity = hasVelocity ? parametersLike(path, like, tensors, "velocity.") : parameters;
    const [epochs, seconds] = [Number(metadata.epochs), Number(metadata.seconds)];
    if (metadata.stage !== stage || !Number.isInteger(epochs) || !Number.isFinite(seconds)) return undefined;
    return { state: { epochs, parameters, velocity }, seconds };
  } catch (cause) {
    if (cause instanceof InputError) return undefined;
    throw cause;
  }
}

export async function removeCheckpoint(path: string): Promise<void> {
  await rm(path, { force: true });
}
