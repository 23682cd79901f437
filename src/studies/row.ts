import { z } from "zod";
import { type PredictorName, predictors } from "../metrics/predictors/registry.ts";
import { trialSchema } from "./trial.ts";

/** A mean over n examples. Nothing is rounded before it is stored. */
export const measuredSchema = z.strictObject({ value: z.number(), n: z.int().positive() });

/** Whether a robust accuracy can be trusted: the health checks on a subsample of the attacked examples. */
export const healthSchema = z.strictObject({
  verdict: z.enum(["ok", "suspect", "failed"]),
  /** What went wrong, in words, the worst first. */
  flags: z.array(z.string()),
  checks: z.array(
    z.strictObject({
      check: z.string(),
      outcome: z.enum(["ok", "suspect", "failed"]),
      /** A share of `n` examples, and the share that is allowed. */
      value: z.number(),
      limit: z.number(),
      n: z.int().min(0),
    }),
  ),
  examples: z.int().positive(),
});

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
    /** Absent when the trial asks for no health checks. */
    health: healthSchema.optional(),
  }),
  target: z.strictObject({
    trainLoss: measuredSchema,
    validationAccuracy: measuredSchema,
    accuracy: measuredSchema,
    loss: measuredSchema,
    /** The mean over classes of the accuracy in each. */
    meanPerClass: measuredSchema.optional(),
    /** Of the few-shot protocol: each draw's accuracy, whose mean `accuracy` is. */
    draws: z.array(z.number()).optional(),
    /** The transferred model under the source's attack; absent when the trial does not ask for it. */
    robust: z.strictObject({ accuracy: measuredSchema, loss: measuredSchema }).optional(),
  }),
  head: z.strictObject({
    l2: z.number(),
    iterations: z.int(),
    /** Largest component of the gradient where the fit stopped. */
    gradientNorm: z.number(),
    converged: z.boolean(),
  }),
  /**
   * What may foretell transfer, by the names of `predictors`; absent where it was not measured. Those that see the target
   * look at its training and validation images.
   */
  predictors: z.partialRecord(z.enum(Object.keys(predictors) as PredictorName[]), measuredSchema).optional(),
  /** SHA-256 of the feature extractor's parameters and statistics around the transfer stage; equal when frozen. */
  featuresDigest: z.strictObject({ before: z.string(), after: z.string() }),
  /** SHA-256 of the whole source model. */
  checkpoint: z.string(),
  seconds: z.strictObject({
    train: z.number(),
    evaluate: z.number(),
    attack: z.number(),
    health: z.number().optional(),
    transfer: z.number(),
    predictors: z.number().optional(),
  }),
  environment: z.strictObject({
    carryover: z.string(),
    /** Of carryover's own code, "-dirty" behind it when files had changed since; absent where it ran from no checkout. */
    commit: z.string().optional(),
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
  | { readonly kind: "stage"; readonly stage: "data" | "train" | "evaluate" | "attack" | "health" | "transfer" }
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
      /** An epoch was saved: it will not be trained again, whatever happens. */
      readonly kind: "epoch";
      readonly epoch: number;
      readonly epochs: number;
      /** Means over the epoch's examples, of each batch before its update. */
      readonly loss: number;
      readonly accuracy: number;
      readonly n: number;
      readonly imagesPerSecond: number;
      /** Seconds of training behind it, earlier attempts included. */
      readonly seconds: number;
    }
  /** What a reader of the log must know. */
  | { readonly kind: "note"; readonly message: string }
  | {
      readonly kind: "progress";
      readonly stage: "evaluate" | "attack" | "health" | "transfer";
      readonly done: number;
      readonly of: number;
    };
