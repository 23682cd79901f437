import { z } from "zod";
import { identity } from "../base/index.ts";

const count = z.int().positive();
const fraction = z.number().min(0).max(1);

/** A dataset and how many of its examples serve; null takes all there are. Subsets are drawn by the trial's seed. */
export const splitSchema = z.strictObject({
  dataset: z.string(),
  train: count.nullable(),
  validation: count,
  test: count.nullable(),
});

/** One way of training, at one strength; `options` are the kind's own (number of projections, probability, ...). */
export const methodSchema = z.strictObject({
  kind: z.string(),
  strength: z.number(),
  options: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).optional(),
});

export const scheduleSchema = z.strictObject({
  epochs: count,
  batch: count,
  learningRate: z.number().positive(),
  momentum: fraction,
  weightDecay: z.number().min(0),
  /** Fractions of the epochs after which the learning rate is multiplied by `decay`. */
  milestones: z.array(fraction),
  decay: z.number().positive().max(1),
});

export const attackSchema = z.strictObject({
  norm: z.enum(["l2", "linf"]),
  /** Radius of the ball, pixels in [0, 1]. */
  eps: z.number().min(0),
  steps: count,
  /** Length of a step; the paper's code uses eps / 4. */
  stepSize: z.number().positive(),
  restarts: count,
  /** How many source test examples are attacked; null takes the whole test split. */
  examples: count.nullable(),
  /** How many of these serve the health checks; 0, or absent, for none. */
  health: z.int().min(0).optional(),
  /** How many target test examples the transferred model is attacked on; 0, or absent, for none. */
  target: z.int().min(0).optional(),
});

export const transferSchema = z.strictObject({
  /**
   * `frozen`: f as it is, a head fitted. `full`: all parameters trained. `partial`: the last `blocks` of f and the head
   * trained. `few-shot`: as frozen, on `perClass` target images of each class, the mean over `draws` of them.
   */
  protocol: z.enum(["frozen", "full", "partial", "few-shot"]),
  blocks: count.optional(),
  perClass: count.optional(),
  draws: count.optional(),
  /** L2 penalties on the head's weight among which validation loss chooses. */
  l2: z.array(z.number().min(0)).min(1),
  /** The methods' augmentations change the target's training images too; absent for no. */
  augment: z.literal(true).optional(),
});

/**
 * A trial is plain data; what is not in it cannot change its result, but for the files themselves: a dataset of one's own
 * that was changed, or one whose damaged images are left out, has the same name.
 */
export const trialSchema = z.strictObject({
  source: splitSchema,
  target: splitSchema,
  model: z.string(),
  /** Empty for vanilla; several are combined. */
  methods: z.array(methodSchema),
  schedule: scheduleSchema,
  attack: attackSchema,
  transfer: transferSchema,
  seed: z.int().min(0),
  /** What the source training's convolutions and products read; absent for float32, in which all else is computed. */
  precision: z.literal("bf16").optional(),
});

export type Split = z.infer<typeof splitSchema>;
export type Method = z.infer<typeof methodSchema>;
export type Schedule = z.infer<typeof scheduleSchema>;
export type AttackConfig = z.infer<typeof attackSchema>;
export type TransferConfig = z.infer<typeof transferSchema>;
export type Trial = z.infer<typeof trialSchema>;

/** The digest of the trial's canonical JSON. */
export function trialId(trial: Trial): string {
  return identity(trial);
}

/** The part of a trial that decides the trained source model, and so the key of its checkpoint. */
export function sourceStageId(trial: Trial): string {
  const { source, model, methods, schedule, seed, precision } = trial;
  const training = { source: { ...source, test: null }, model, methods, schedule, seed };
  return identity({ stage: "source", ...training, ...(precision && { precision }) });
}

/** "frozen features", "last 3 blocks fine-tuned", ... */
export function transferText({ protocol, blocks, perClass, draws, augment }: TransferConfig): string {
  const tuned = {
    frozen: "frozen features",
    full: "all parameters fine-tuned",
    partial: `last ${blocks} block${blocks === 1 ? "" : "s"} fine-tuned`,
    "few-shot": `frozen features, ${perClass} a class, mean of ${draws} draws`,
  }[protocol];
  return augment ? `${tuned}, target augmented too` : tuned;
}

/** "vanilla", or "jr 0.01", or "jr 0.01 + blur 5". */
export function methodLabel(methods: readonly Method[]): string {
  return methods.map(({ kind, strength }) => `${kind} ${strength}`).join(" + ") || "vanilla";
}
