import { z } from "zod";

/**
 * What the server says to the page. The page takes these types and nothing else from here; the server builds its
 * answers to fit them, and the tests parse every answer with them.
 */

const intervalSchema = z.object({ low: z.number(), high: z.number() });

/** A mean over seeds: fractions, nats or seconds, unrounded. */
const estimateSchema = z.object({
  mean: z.number(),
  interval: intervalSchema.optional(),
  /** How the interval was made; see `IntervalKind` of metrics. */
  intervalKind: z.string().optional(),
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

const methodSchema = z.object({
  kind: z.string(),
  strength: z.number(),
  options: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).optional(),
});

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

/** How a method's strength ranks a quantity, within one setting. */
export const rankingSchema = z.object({
  setting: z.number(),
  family: z.string(),
  quantity: z.string(),
  /** The mean over seeds of Spearman's rho between strength, weaker to stronger, and the quantity. */
  rho: z.number(),
  /** Of Page's test of a trend, two-sided; left out where seeds or strengths are many. */
  p: z.number().optional(),
  /** Student's t over the seeds, at 95 %. */
  interval: intervalSchema.optional(),
  seeds: z.number(),
});

export const workerSchema = z.object({
  id: z.string(),
  trial: z.string().optional(),
  imagesPerSecond: z.number().optional(),
  since: z.number(),
  seenAt: z.number().optional(),
});

/** A run of a study as it goes. */
export const runSchema = z.object({
  study: z.string(),
  state: z.enum(["running", "paused", "stopping", "over"]),
  startedAt: z.number(),
  secondsLeft: z.number().optional(),
  imagesPerSecond: z.number(),
  workers: z.array(workerSchema),
});

export const studyEntrySchema = z.object({
  name: z.string(),
  trials: z.number(),
  finished: z.number(),
  running: z.boolean(),
});

export const helloSchema = z.object({
  version: z.string(),
  /** Another one after the server was started anew. */
  boot: z.string(),
  /** Actions on the queue that this server offers to those who have its token. */
  actions: z.array(z.enum(["cancel", "retry", "pause", "pictures"])),
  /** Whether this request brought the token. */
  authorised: z.boolean(),
  studies: z.array(studyEntrySchema),
  methods: z.array(methodLookSchema),
  quantities: z.array(quantitySchema),
});

export const figureDataSchema = z.object({
  points: z.array(pointSchema),
  rankings: z.array(rankingSchema),
  notes: z.array(z.string()),
  /** Which interval the bars are. */
  intervals: z.string(),
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

export const studySchema = z.object({
  name: z.string(),
  description: z.string(),
  boot: z.string(),
  revision: z.number(),
  settings: z.array(settingSchema),
  trials: z.array(summarySchema),
  figure: figureDataSchema,
  run: runSchema.optional(),
});

/** What a server-sent event brings: trials as they are now, and the run. */
export const changesSchema = z.object({
  boot: z.string(),
  revision: z.number(),
  trials: z.array(summarySchema),
  run: runSchema.optional(),
  /** A row came: the figure is another one. */
  figureChanged: z.boolean(),
  /** The figure itself, with a server's last words: it could not be asked any more. */
  figure: figureDataSchema.optional(),
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

/** Verdicts on the paper's claims as tables, or why there are none. */
export const claimsSchema = z.object({
  tables: z.array(
    z.object({
      title: z.string(),
      header: z.array(z.string()),
      lines: z.array(z.array(z.string())),
      notes: z.array(z.string()),
    }),
  ),
  problem: z.string().optional(),
});

export type Quantity = z.infer<typeof quantitySchema>;
export type MethodLook = z.infer<typeof methodLookSchema>;
export type Estimate = z.infer<typeof estimateSchema>;
export type Status = z.infer<typeof statusSchema>;
export type Progress = z.infer<typeof progressSchema>;
export type Summary = z.infer<typeof summarySchema>;
export type Setting = z.infer<typeof settingSchema>;
export type FigurePoint = z.infer<typeof pointSchema>;
export type Ranking = z.infer<typeof rankingSchema>;
export type WorkerState = z.infer<typeof workerSchema>;
export type RunState = z.infer<typeof runSchema>;
export type StudyEntry = z.infer<typeof studyEntrySchema>;
export type Hello = z.infer<typeof helloSchema>;
export type FigureData = z.infer<typeof figureDataSchema>;
export type StudyData = z.infer<typeof studySchema>;
export type Changes = z.infer<typeof changesSchema>;
export type Curve = z.infer<typeof curveSchema>;
export type Failure = z.infer<typeof failureSchema>;
export type LogLine = z.infer<typeof logLineSchema>;
export type Confusion = z.infer<typeof confusionSchema>;
export type Claims = z.infer<typeof claimsSchema>;
export type Pictures = z.infer<typeof picturesSchema>;
export type TrialDetail = z.infer<typeof trialSchema>;

/** The body of a report that carries its data inside: the same answers, by the path that would be asked for. */
export interface ReportData {
  readonly hello: Hello;
  readonly study: StudyData;
  readonly trials: Readonly<Record<string, TrialDetail>>;
  readonly claims: Claims;
  /** The pictures that were made, as data: URLs by "<trial>/<name>". */
  readonly images: Readonly<Record<string, string>>;
  readonly writtenAt: string;
}
