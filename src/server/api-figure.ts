import { z } from "zod";

/** What the server says of a figure: quantities, how methods look, dots, the bound. */

export const intervalSchema = z.object({ low: z.number(), high: z.number() });

/** A mean over seeds: fractions, nats or seconds, unrounded. */
const estimateSchema = z.object({
  mean: z.number(),
  interval: intervalSchema.optional(),
  /** How the interval was made; see `IntervalKind` of metrics. */
  intervalKind: z.enum(["student", "wilson", "binomial"]).optional(),
  values: z.array(z.number()),
});

/** A quantity that a trial leaves and that an axis may show. */
export const quantitySchema = z.object({
  id: z.string(),
  label: z.string(),
  short: z.string(),
  unit: z.enum(["percent", "points", "nats", "seconds", "number"]),
  /** What it is, in one sentence. */
  sentence: z.string(),
  formula: z.string(),
});

/** How a kind of method is named and drawn. */
export const methodLookSchema = z.object({
  kind: z.string(),
  label: z.string(),
  legend: z.string(),
  short: z.string(),
  colour: z.string(),
  /** A Vega symbol, or an SVG path within -1 ... 1. */
  shape: z.string(),
  adds: z.string(),
  unit: z.string(),
  formula: z.string(),
  remarks: z.string(),
  citation: z.string(),
  stronger: z.enum(["larger", "smaller"]),
});

export const methodSchema = z.object({
  kind: z.string(),
  strength: z.number(),
  options: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).optional(),
});

/** One dot: the trials that differ only in their seed. */
export const pointSchema = z.object({
  id: z.string(),
  label: z.string(),
  family: z.string(),
  methods: z.array(methodSchema),
  strength: z.string(),
  /** Place within its family, weakest 0, and how many the family has. */
  rank: z.number(),
  ranks: z.number(),
  setting: z.number(),
  seeds: z.array(z.number()),
  trials: z.array(z.string()),
  estimates: z.record(z.string(), estimateSchema),
  collapsed: z.number(),
  health: z.enum(["ok", "suspect", "failed"]).optional(),
  notes: z.array(z.string()),
});

export const figureDataSchema = z.object({
  points: z.array(pointSchema),
  notes: z.array(z.string()),
  /** tau <= d over the study's models, in nats, where `carryover theory bound` was run. */
  bound: z
    .object({
      d: z.number(),
      /** The model whose |inf l_S - inf l_T| is d. */
      maximiser: z.string(),
      models: z.number(),
      holds: z.number(),
      smallestSlack: z.number(),
      n: z.object({ source: z.number(), target: z.number() }),
      sampleTerms: z.number(),
      confidence: z.number(),
    })
    .optional(),
});

export type Quantity = z.infer<typeof quantitySchema>;
export type MethodLook = z.infer<typeof methodLookSchema>;
export type Estimate = z.infer<typeof estimateSchema>;
export type FigurePoint = z.infer<typeof pointSchema>;
export type FigureData = z.infer<typeof figureDataSchema>;
