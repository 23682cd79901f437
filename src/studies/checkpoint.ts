import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, digestBytes, InputError, readWhole, type Tensor, type Tree } from "../base/index.ts";
import { decodeSafetensors, digestTensors, flattenTree, type NamedTensors, writeSafetensors } from "../engine/index.ts";
import { type Parameters, parametersLike } from "../models/index.ts";
import type { TrainingState } from "../training/index.ts";
import type { TrialEvent } from "./row.ts";

/** A training state on disk, with what went into it. */
export interface Checkpoint {
  readonly state: TrainingState;
  /** Seconds of training behind it. */
  readonly seconds: number;
  /** The epochs behind it. */
  readonly curve: readonly EpochMeans[];
  /** Of the epoch under way, over the examples it has seen. */
  readonly soFar: EpochSums;
}

/** What an `epoch` event tells, but for its kind. */
export type EpochMeans = Omit<Extract<TrialEvent, { kind: "epoch" }>, "kind">;

export interface EpochSums {
  readonly loss: number;
  readonly right: number;
  readonly n: number;
  readonly seconds: number;
}

export const emptyEpoch: EpochSums = { loss: 0, right: 0, n: 0, seconds: 0 };

/** What a file of a stage repeats, and must be when it is read. */
export interface StageName {
  /** The identity of the source stage. */
  readonly stage: string;
  readonly model: string;
  /** The request that had it trained anew; undefined takes a training whoever asked for it. */
  readonly anew?: string | undefined;
}

/** How many checkpoints of an unfinished training are kept: the last one, and the one before in case it is damaged. */
const kept = 2;

/** Where the trained model of a stage is kept. */
export const finishedPath = (folder: string, { stage }: StageName): string => join(folder, `${stage}.safetensors`);

/**
 * Writes the trained model of a stage, and drops what led to it. It needs no velocity. One that is there already stays and
 * is given back, since its rows tell of it: a worker that was taken for dead may end after its successor.
 */
export async function saveFinished(
  folder: string,
  name: StageName,
  checkpoint: Checkpoint,
  like: Parameters<Tensor<"float32">>,
): Promise<Checkpoint> {
  const { checkpoint: known } = await loadFinished(folder, name, like);
  if (!known) await write(finishedPath(folder, name), name, checkpoint, { ...checkpoint.state.parameters });
  for (const path of await unfinishedOf(folder, name)) await rm(path, { force: true });
  return known ?? checkpoint;
}

/** Removes what was trained of a stage before its request to train it anew; without one, nothing. */
export async function forgetOlder(folder: string, name: StageName): Promise<void> {
  if (name.anew === undefined) return;
  for (const path of [finishedPath(folder, name), ...(await unfinishedOf(folder, name))]) {
    if (existsSync(path) && (await requestOf(path)) !== name.anew) await rm(path, { force: true });
  }
}

/** Undefined for a file that no such request led to, and for one that is no checkpoint any more. */
async function requestOf(path: string): Promise<string | undefined> {
  try {
    return decodeSafetensors(await readWhole(path), path).metadata.anew;
  } catch (cause) {
    if (cause instanceof InputError) return undefined;
    throw cause;
  }
}

/**
 * Writes a state amid a training, whole or not at all, under a name that says where it stands: a worker that was taken
 * for dead can so not put an older state over its successor's.
 */
export async function saveUnfinished(folder: string, name: StageName, checkpoint: Checkpoint): Promise<void> {
  const { epochs, steps = 0, parameters, velocity } = checkpoint.state;
  const place = `${String(epochs).padStart(6, "0")}-${String(steps).padStart(8, "0")}`;
  await write(join(folder, `${name.stage}.at-${place}.safetensors`), name, checkpoint, { ...parameters, velocity });
  for (const path of (await unfinishedOf(folder, name)).slice(kept)) await rm(path, { force: true });
}

async function write(
  path: string,
  { stage, model, anew }: StageName,
  { state: { epochs, steps = 0 }, seconds, curve, soFar }: Checkpoint,
  tree: Tree<Tensor>,
): Promise<void> {
  const tensors = flattenTree(tree);
  const metadata = {
    format: "carryover",
    stage,
    model,
    epochs: String(epochs),
    steps: String(steps),
    seconds: String(seconds),
    curve: JSON.stringify(curve),
    soFar: JSON.stringify(soFar),
    ...(anew !== undefined && { anew }),
  };
  await writeSafetensors(path, tensors, { ...metadata, checksum: checksumOf(tensors, metadata) });
}

/** Of everything in the file, tensors and words. */
function checksumOf(tensors: NamedTensors, metadata: Readonly<Record<string, string>>): string {
  const { checksum: _, ...words } = metadata;
  return digestBytes(Buffer.from(canonicalJson({ ...words, tensors: digestTensors(tensors) })));
}

export interface Found {
  readonly checkpoint: Checkpoint | undefined;
  /** What was passed over, as sentences. */
  readonly notes: readonly string[];
}

/** The trained model of a stage, when it is there and whole. `like` is a fresh state of the same model. */
export async function loadFinished(
  folder: string,
  name: StageName,
  like: Parameters<Tensor<"float32">>,
): Promise<Found> {
  return newestWhole([finishedPath(folder, name)], name, like, "the training begins anew");
}

/** The last state of an unfinished training that is whole. */
export async function loadUnfinished(
  folder: string,
  name: StageName,
  like: Parameters<Tensor<"float32">>,
): Promise<Found> {
  return newestWhole(await unfinishedOf(folder, name), name, like, "the one before is used");
}

async function newestWhole(
  paths: readonly string[],
  name: StageName,
  like: Parameters<Tensor<"float32">>,
  consequence: string,
): Promise<Found> {
  const notes: string[] = [];
  for (const path of paths) {
    if (!existsSync(path)) continue;
    try {
      return { checkpoint: await read(path, name, like), notes };
    } catch (cause) {
      if (!(cause instanceof Damage)) throw cause;
      notes.push(`checkpoint ${path} is damaged (${cause.message}); ${consequence}`);
    }
  }
  return { checkpoint: undefined, notes };
}

/** A checkpoint is a cache: what a damaged one held can be trained again. */
class Damage extends Error {}

/** Throws Damage for a file that is not whole or of something else; InputError when it cannot be read at all. */
async function read(
  path: string,
  { stage, model }: StageName,
  like: Parameters<Tensor<"float32">>,
): Promise<Checkpoint> {
  const bytes = await readWhole(path);
  try {
    const { tensors, metadata } = decodeSafetensors(bytes, path);
    if (metadata.stage !== stage || metadata.model !== model) throw new Damage("it is of another training");
    if (metadata.checksum !== checksumOf(tensors, metadata)) throw new Damage("its bytes do not give its checksum");
    const parameters = parametersLike(path, like, tensors);
    const hasVelocity = Object.keys(tensors).some((name) => name.startsWith("velocity."));
    const velocity = hasVelocity ? parametersLike(path, like, tensors, "velocity.") : parameters;
    const { curve = "[]", soFar = "{}" } = metadata;
    const state = { epochs: Number(metadata.epochs), steps: Number(metadata.steps), parameters, velocity };
    return { state, seconds: Number(metadata.seconds), curve: JSON.parse(curve), soFar: JSON.parse(soFar) };
  } catch (cause) {
    if (cause instanceof InputError) throw new Damage(cause.message, { cause });
    throw cause;
  }
}

/** The unfinished states of a stage, the last one first. */
async function unfinishedOf(folder: string, { stage }: StageName): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const names = (await readdir(folder)).filter(
    (name) => name.startsWith(`${stage}.at-`) && name.endsWith(".safetensors"),
  );
  return names
    .sort()
    .reverse()
    .map((name) => join(folder, name));
}
