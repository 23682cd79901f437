import { z } from "zod";
import { rowSchema } from "../studies/row.ts";
import { trialSchema } from "../studies/trial.ts";

/**
 * A study as one file: a tar of `manifest.json` (what it is, and the size and SHA-256 of every other member), `study.json`
 * (definition and trials), `rows.jsonl`, `epochs.jsonl` (learning curves) and `checkpoints/`.
 */
export const formatVersion = 1;

export const memberName =
  /^(study\.json|rows\.jsonl|epochs\.jsonl|checkpoints\/[0-9a-f]{16}(\.at-\d+-\d+)?\.safetensors)$/;

export const manifestSchema = z.object({
  format: z.literal("carryover study"),
  version: z.int(),
  study: z.string(),
  members: z.array(z.strictObject({ name: z.string().regex(memberName), bytes: z.int(), sha256: z.string() })),
});

export const studySchema = z.strictObject({ name: z.string(), definition: z.json(), trials: z.array(trialSchema) });
export const rowLineSchema = z.strictObject({ study: z.string(), row: rowSchema });
export const epochSchema = z.strictObject({
  trial_id: z.string(),
  epoch: z.int(),
  epochs: z.int(),
  loss: z.number(),
  accuracy: z.number(),
  n: z.int(),
  images_per_second: z.number(),
  seconds: z.number(),
});

export interface Archived {
  readonly study: string;
  readonly trials: number;
  readonly rows: number;
  readonly checkpoints: number;
}

/** The source stage that a file of the stages' folder belongs to. */
export const stageOf = (name: string): string => name.split(".")[0] ?? "";
