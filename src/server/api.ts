import { z } from "zod";
import type { Claims } from "./api-claims.ts";
import { figureDataSchema, methodLookSchema, quantitySchema } from "./api-figure.ts";
import { settingSchema, summarySchema, type TrialDetail } from "./api-trial.ts";

/**
 * What the server says to the page. The page takes these types and nothing else from here; the server builds its
 * answers to fit them, and the tests parse every answer with them.
 */

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

export type WorkerState = z.infer<typeof workerSchema>;
export type RunState = z.infer<typeof runSchema>;
export type StudyEntry = z.infer<typeof studyEntrySchema>;
export type Hello = z.infer<typeof helloSchema>;
export type StudyData = z.infer<typeof studySchema>;
export type Changes = z.infer<typeof changesSchema>;

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
