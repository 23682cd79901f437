import { z } from "zod";
import { InputError } from "../base/index.ts";
import { checkProtocol } from "./check-protocol.ts";
import { checkCombination, checkMethod, kindsOf, methodKind } from "./methods/index.ts";
import { parseInput } from "./parse.ts";
import {
  attackSchema,
  type Method,
  methodSchema,
  scheduleSchema,
  splitSchema,
  type Trial,
  transferSchema,
  trialId,
  trialSchema,
} from "./trial.ts";

const splitInput = splitSchema.extend({
  train: splitSchema.shape.train.default(null),
  validation: splitSchema.shape.validation.default(1000),
  test: splitSchema.shape.test.default(null),
});

const scheduleInput = scheduleSchema.extend({
  batch: scheduleSchema.shape.batch.default(128),
  momentum: scheduleSchema.shape.momentum.default(0.9),
  weightDecay: scheduleSchema.shape.weightDecay.default(5e-4),
  milestones: scheduleSchema.shape.milestones.default([0.5, 0.75]),
  decay: scheduleSchema.shape.decay.default(0.1),
});

export type ScheduleInput = z.input<typeof scheduleInput>;

/** A schedule with the defaults of the paper's code filled in; InputError for what is wrong. */
export const scheduleOf = (input: ScheduleInput) => parseInput("schedule", scheduleInput, input);

const attackInput = attackSchema.extend({
  norm: attackSchema.shape.norm.default("l2"),
  eps: attackSchema.shape.eps.default(0.25),
  steps: attackSchema.shape.steps.default(20),
  /** eps / 4 unless it is named. */
  stepSize: attackSchema.shape.stepSize.optional(),
  restarts: attackSchema.shape.restarts.default(1),
  examples: attackSchema.shape.examples.default(null),
  /** `false` is 0: no health checks. */
  health: z.union([z.literal(false).transform(() => 0), z.int().min(0)]).default(100),
  target: z.int().min(0).default(100),
});

/** Nothing is one way with the defaults. */
const asList = (value: unknown) => (Array.isArray(value) ? value : [value ?? {}]);

const transferInput = transferSchema.extend({
  protocol: transferSchema.shape.protocol.default("frozen"),
  l2: transferSchema.shape.l2.default([1e-4, 1e-3, 1e-2, 1e-1]),
  /** `false` is left out, so that it names the same trials. */
  augment: z
    .boolean()
    .transform((on) => (on ? true : undefined))
    .optional(),
});

/** Seeds are a count (3 means 0, 1, 2) or a list. */
const seedsInput = z.union([
  z
    .int()
    .positive()
    .transform((n) => Array.from({ length: n }, (_, seed) => seed)),
  z.array(z.int().min(0)).min(1),
]);

/** What `defineStudy` takes. The defaults are the protocol of the paper's authors where they state one. */
const studySchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "lower-case letters, digits and hyphens, such as my-study"),
  description: z.string().default(""),
  pairs: z.array(z.strictObject({ source: splitInput, target: splitInput })).min(1),
  model: z.string(),
  /** Kinds of methods, or several at once such as "jr+blur"; vanilla is always run. */
  methods: z.array(z.string()),
  /** The strengths of a kind; a kind that is not named here sweeps its own default strengths. */
  strengths: z.record(z.string(), z.array(z.number()).min(1)).default({}),
  /** A kind's own options, such as `{ jr: { projections: 3 } }`. */
  options: z.record(z.string(), methodSchema.shape.options.unwrap()).default({}),
  schedule: scheduleInput,
  attack: attackInput.prefault({}),
  /** One way of transfer, or several: each is its own axis of trials, on the same source models. */
  transfer: z.preprocess(asList, z.array(transferInput).min(1)),
  seeds: seedsInput,
  /** `float32` is left out, so that it names the same trials. */
  precision: z
    .enum(["float32", "bf16"])
    .transform((precision) => (precision === "bf16" ? precision : undefined))
    .optional(),
});

type TransferInput = z.input<typeof transferInput>;

export type StudyInput = Omit<z.input<typeof studySchema>, "transfer"> & {
  readonly transfer?: TransferInput | readonly TransferInput[];
};
export type Study = z.output<typeof studySchema>;

/**
 * Checks a study's shape, kinds and strengths and fills in the defaults. Throws InputError with one sentence.
 * `where` begins the sentence; a study file passes its own name.
 */
export function defineStudy(input: StudyInput): Study {
  return parseStudy(`study "${input.name}"`, input);
}

/** `defineStudy` for a value from outside: a study file, a saved study, an overridden one. */
export function parseStudy(where: string, input: unknown): Study {
  const study = parseInput(where, studySchema, input);
  for (const transfer of study.transfer) checkProtocol(`${where}: transfer`, transfer);
  for (const entry of study.methods) checkCombination(`${where}: methods`, entry);
  const run = study.methods.flatMap(kindsOf);
  for (const axis of ["strengths", "options"] as const)
    for (const kind of Object.keys(study[axis])) {
      methodKind(`${where}: ${axis}`, kind);
      if (!run.includes(kind))
        throw new InputError(
          `${where}: ${axis}.${kind}: expected a kind among the study's methods (${study.methods.join(", ")}), got one that is not run`,
        );
    }
  for (const setting of settings(study, where)) for (const method of setting) checkMethod(where, method);
  return study;
}

/**
 * The trials of a study: pairs x seeds x ways of transfer x (vanilla, then each method at each strength). Vanilla is always included, and
 * one seed is complete before the next begins, so that a figure can be drawn early.
 */
export function expandStudy(study: Study): Trial[] {
  const { model, schedule, attack, precision } = study;
  // With eps 0 the ball is a point and any step stays in it.
  const stepSize = attack.stepSize ?? (attack.eps > 0 ? attack.eps / 4 : 1);
  const trials = study.pairs.flatMap(({ source, target }) =>
    study.seeds.flatMap((seed) =>
      // Ways of transfer one after the other, so that the source models of the second are there.
      study.transfer.flatMap((way) =>
        settings(study).map((methods) =>
          trialSchema.parse({
            source,
            target,
            model,
            methods,
            schedule,
            attack: { ...attack, stepSize },
            transfer: way,
            seed,
            ...(precision && { precision }),
          }),
        ),
      ),
    ),
  );
  return [...new Map(trials.map((trial) => [trialId(trial), trial])).values()];
}

/** The strengths that a study sweeps for a kind, weaker to stronger as given. */
function strengthsOf(study: Study, kind: string): readonly number[] {
  return study.strengths[kind] ?? methodKind(`study "${study.name}": methods`, kind).sweep;
}

/** What the study sweeps, written out: a saved definition does not change when a default sweep does. */
export function withStrengths(study: Study): Study {
  const kinds = study.methods.flatMap(kindsOf).filter((kind) => strengthsOf(study, kind).length > 0);
  return { ...study, strengths: Object.fromEntries(kinds.map((kind) => [kind, [...strengthsOf(study, kind)]])) };
}

/** Vanilla, then each entry of the methods axis at each strength. */
function settings(study: Study, where = `study "${study.name}"`): Method[][] {
  return [[], ...study.methods.flatMap((entry) => settingsOf(study, entry, where))];
}

/** An entry's settings, weaker to stronger; the strengths of kinds that are combined go up together, rank by rank. */
function settingsOf(study: Study, entry: string, where: string): Method[][] {
  const axes = kindsOf(entry).map((kind) => ({
    kind,
    strengths: strengthsOf(study, kind),
    options: study.options[kind],
  }));
  const ranks = axes[0]?.strengths.length ?? 0;
  if (axes.some(({ strengths }) => strengths.length !== ranks))
    throw new InputError(
      `${where}: methods: ${entry}: expected as many strengths of each, which are swept together, got ${axes.map(({ kind, strengths }) => `${strengths.length} of ${kind}`).join(" and ")}`,
    );
  return Array.from({ length: ranks }, (_, rank) =>
    axes.map(({ kind, strengths, options }): Method => {
      const strength = strengths[rank] ?? Number.NaN;
      return options === undefined ? { kind, strength } : { kind, strength, options };
    }),
  );
}
