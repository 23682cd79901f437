import { z } from "zod";
import { methodSchema } from "./api-figure.ts";

/** What the server says of a trial: its line in the table, and all that its own page shows. */

export const statusSchema = z.enum(["waiting", "running", "done", "failed", "cancelled"]);

/** Where a running trial is. */
export const progressSchema = z.object({
  stage: z.string(),
  attempt: z.number(),
  worker: z.string().optional(),
  /** Of the stage, in [0, 1]. */
  share: z.number().optional(),
  epoch: z.number().optional(),
  epochs: z.number().optional(),
  loss: z.number().optional(),
  accuracy: z.number().optional(),
  imagesPerSecond: z.number().optional(),
  secondsLeft: z.number().optional(),
  startedAt: z.number(),
});

/** One line of the table of trials. */
export const summarySchema = z.object({
  id: z.string(),
  label: z.string(),
  methods: z.array(methodSchema),
  /** "jr", "jr + blur", "vanilla". */
  family: z.string(),
  seed: z.number(),
  /** Which of the study's settings (pair, model, schedule, attack, transfer) it belongs to. */
  setting: z.number(),
  status: statusSchema,
  /** By quantity. */
  numbers: z.record(z.string(), z.number()),
  health: z.enum(["ok", "suspect", "failed"]).optional(),
  collapsed: z.boolean().optional(),
  seconds: z.number().optional(),
  finishedAt: z.string().optional(),
  failure: z.string().optional(),
  progress: progressSchema.optional(),
});

/** What the trials of one panel share. */
export const settingSchema = z.object({
  title: z.string(),
  source: z.string(),
  target: z.string(),
  attack: z.string(),
  protocol: z.string(),
});

/** Points of the training curves; the accuracy is that of training batches. */
export const curveSchema = z.object({
  epochs: z.array(z.number()),
  loss: z.array(z.number()),
  accuracy: z.array(z.number()),
});

export const failureSchema = z.object({ message: z.string(), detail: z.string(), attempts: z.number() });

export const logLineSchema = z.object({ at: z.number(), text: z.string() });

export const pictureSchema = z.object({ name: z.string(), title: z.string(), caption: z.string() });

export const confusionSchema = z.object({
  title: z.string(),
  classes: z.array(z.string()),
  /** Counts: a row is the true class, a column the predicted one. */
  counts: z.array(z.array(z.number())),
});

export const picturesSchema = z.object({
  state: z.enum(["none", "working", "ready", "failed"]),
  message: z.string().optional(),
  pictures: z.array(pictureSchema),
  confusions: z.array(confusionSchema),
});

export const trialSchema = z.object({
  summary: summarySchema,
  setting: settingSchema,
  study: z.string(),
  config: z.record(z.string(), z.unknown()),
  /** The last row as it is stored; absent until the trial is finished. */
  row: z.record(z.string(), z.unknown()).optional(),
  attempts: z.number(),
  curve: curveSchema,
  failure: failureSchema.optional(),
  log: z.array(logLineSchema),
  checkpoint: z.object({ digest: z.string(), bytes: z.number().optional() }).optional(),
  pictures: picturesSchema,
});

export type Status = z.infer<typeof statusSchema>;
export type Progress = z.infer<typeof progressSchema>;
export type Summary = z.infer<typeof summarySchema>;
export type Setting = z.infer<typeof settingSchema>;
export type Curve = z.infer<typeof curveSchema>;
export type Failure = z.infer<typeof failureSchema>;
export type LogLine = z.infer<typeof logLineSchema>;
export type Confusion = z.infer<typeof confusionSchema>;
export type Pictures = z.infer<typeof picturesSchema>;
export type TrialDetail = z.infer<typeof trialSchema>;
