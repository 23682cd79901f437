import { z } from "zod";
import { trialSchema } from "./trial.ts";

/** A mean over n examples. Nothing is rounded before it is stored. */
export const measuredSchema = z.strictObject({ value: z.number(), n: z.int().positive() });

/**
 * What a finished trial leaves. Rows are append-only; figures and tables are pure functions of rows.
 * Accuracies are fractions in [0, 1], losses are mean cross-entropies in nats, times are in seconds.
 */
export const rowSchema = z.strictObject({
  trialId: z.string(),
  trial: trialSchema,
  source: z.strictObject({
    trainLoss: measuredSchema,
    validationAccuracy: measuredSchema,
    accuracy: measuredSchema,
    loss: measuredSchema,
    /** The test accuracy's 95 % Wilson interval holds 1 / classes or lies below it: the model learnt nothing. */
    collapsed: z.boolean(),
  }),
  robust: z.strictObject({
    /** An example counts when it withstood every iterate of every restart. */
    accuracy: measuredSchema,
    lastIterateAccuracy: measuredSchema,
    loss: measuredSchema,
  }),
  target: z.strictObject({
    trainLoss: measuredSchema,
    validationAccuracy: measuredSchema,
    accuracy: measuredSchema,
    loss: measuredSchema,
  }),
  head: z.strictObject({
    l2: z.number(),
    iterations: z.int(),
    /** Largest component of the gradient where the fit stopped. */
    gradientNorm: z.number(),
    converged: z.boolean(),
  }),
  /** SHA-256 of the feature extractor's parameters and statistics around the transfer stage; equal when frozen. */
  featuresDigest: z.strictObject({ before: z.string(), after: z.string() }),
  /** SHA-256 of the whole source model. */
  checkpoint: z.string(),
  seconds: z.strictObject({ train: z.number(), evaluate: z.number(), attack: z.number(), transfer: z.number() }),
  environment: z.strictObject({
    carryover: z.string(),
    node: z.string(),
    engine: z.string(),
    device: z.string(),
    platform: z.string(),
    cpu: z.string(),
  }),
  finishedAt: z.iso.datetime(),
});

export type Measured = z.infer<typeof measuredSchema>;
export type Row = z.infer<typeof rowSchema>;

/** What a running trial tells: drawn as a live list on a terminal, printed as JSON lines otherwise. */
export type TrialEvent =
  | { readonly kind: "stage"; readonly stage: "data" | "train" | "evaluate" | "attack" | "transfer" }
  | {
      readonly kind: "step";
      readonly epoch: number;
      readonly epochs: number;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly accuracy: number;
      readonly imagesPerSecond: number;
      readonly secondsLeft: number;
    }
  | {
      readonly kind: "progress";
      readonly stage: "evaluate" | "attack" | "transfer";
      readonly done: number;
      readonly of: number;
    };
