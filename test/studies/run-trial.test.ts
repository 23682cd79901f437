import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { decodeSafetensors } from "../../src/engine/index.ts";
import {
  methodKinds,
  type Row,
  rowSchema,
  sourceStageId,
  type Trial,
  type TrialEvent,
  trialId,
} from "../../src/studies/index.ts";
import { isCollapsed, runTrial, type TrialContext } from "../../src/studies/run-trial.ts";
import { tinyContext, tinyDataFolder, tinyTrials } from "./tiny-data.ts";

const data = tinyDataFolder();

async function ran(trial: Trial, context: TrialContext): Promise<{ row: Row; events: TrialEvent[] }> {
  const run = runTrial(trial, context);
  const events: TrialEvent[] = [];
  for (;;) {
    const next = await run.next();
    if (next.done) return { row: next.value, events };
    events.push(next.value);
  }
}

function first(trials: readonly Trial[]): Trial {
  const [trial] = trials;
  if (!trial) throw new Error("no trial");
  return trial;
}

const numbersOf = ({ source, robust, target, head, checkpoint }: Row) => ({ source, robust, target, head, checkpoint });
const steps = (events: readonly TrialEvent[]) => events.filter(({ kind }) => kind === "step").length;
const stagesIn = ({ workDir }: TrialContext) => join(workDir, "stages");

describe("a trial", async () => {
  const trial = first(tinyTrials());
  const context = tinyContext(data);
  const { row, events } = await ran(trial, context);

  test("leaves a row whose numbers carry the n of their examples", () => {
    expect(rowSchema.parse(row)).toEqual(row);
    expect(row.trialId).toBe(trialId(trial));
    expect(row.trial).toEqual(trial);
    // Of 32 training images as many as there are test images.
    expect(row.source.trainLoss.n).toBe(20);
    expect(row.source.validationAccuracy.n).toBe(10);
    expect([row.source.accuracy.n, row.source.loss.n]).toEqual([20, 20]);
    expect([row.robust.accuracy.n, row.robust.loss.n]).toEqual([10, 10]);
    expect([row.target.trainLoss.n, row.target.validationAccuracy.n, row.target.accuracy.n]).toEqual([40, 10, 30]);
    expect(row.robust.accuracy.value).toBeLessThanOrEqual(row.robust.lastIterateAccuracy.value);
    expect(row.target.robust?.accuracy.n).toBe(30);
    expect(row.target.robust?.accuracy.value).toBeLessThanOrEqual(row.target.accuracy.value);
    expect(row.robust.health).toMatchObject({ verdict: expect.stringMatching(/ok|suspect|failed/), examples: 10 });
    expect(row.featuresDigest.before).toBe(row.featuresDigest.after);
    expect(row.environment.engine).toMatch(
      /^(oneDNN \d+\.\d+\.\d+ \w+|onnxruntime-node \d+\.\d+\.\d+), @jax-js\/jax \d+\.\d+\.\d+$/,
    );
  });

  test("tells its stages in order, and steps and progress within them", () => {
    expect(events.flatMap((event) => (event.kind === "stage" ? [event.stage] : []))).toEqual([
      "data",
      "train",
      "evaluate",
      "attack",
      "health",
      "transfer",
    ]);
    const told = events.flatMap((event) => (event.kind === "step" ? [[event.epoch, event.step, event.steps]] : []));
    expect(told).toEqual([
      [1, 1, 2],
      [1, 2, 2],
      [2, 1, 2],
      [2, 2, 2],
    ]);
    for (const stage of ["evaluate", "attack", "health", "transfer"]) {
      const shares = events.flatMap((e) => (e.kind === "progress" && e.stage === stage ? [e.done / e.of] : []));
      expect(shares).toEqual(shares.toSorted((a, b) => a - b));
      expect(shares.at(-1)).toBe(1);
    }
  });

  test("run again, has the same numbers to the bit, and trains nothing: the source model is kept", async () => {
    const again = await ran(trial, context);
    expect(numbersOf(again.row)).toEqual(numbersOf(row));
    expect(steps(again.events)).toBe(0);
    expect(again.row.seconds.train).toBe(row.seconds.train);
  });

  test("run elsewhere from nothing, has the same numbers to the bit", async () => {
    const elsewhere = await ran(trial, tinyContext(data));
    expect(numbersOf(elsewhere.row)).toEqual(numbersOf(row));
    expect(steps(elsewhere.events)).toBe(4);
  });

  test("with another target takes the same source model", async () => {
    const other = { ...trial, target: { ...trial.target, train: 30 } };
    const { row: otherRow, events: told } = await ran(other, context);
    expect(steps(told)).toBe(0);
    expect(otherRow.checkpoint).toBe(row.checkpoint);
    expect(otherRow.source).toEqual(row.source);
    expect(otherRow.target.trainLoss.n).toBe(30);
  });

  test("keeps the model as safetensors under its stage's identity, and does not trust a damaged one", async () => {
    const path = join(stagesIn(context), `${sourceStageId(trial)}.safetensors`);
    expect(readdirSync(stagesIn(context))).toEqual([`${sourceStageId(trial)}.safetensors`]);
    const bytes = readFileSync(path);
    const { tensors, metadata } = decodeSafetensors(bytes);
    expect(Object.keys(tensors).slice(0, 2)).toEqual(["f.conv1.weight", "f.conv1.bias"]);
    expect(metadata).toMatchObject({ model: "small-cnn", epochs: "2" });
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const again = await ran(trial, context);
    expect(steps(again.events)).toBe(4);
    expect(again.row.checkpoint).toBe(row.checkpoint);
  });
});

test("a trial that is stopped between two steps leaves no finished model", async () => {
  const context = tinyContext(data);
  const run = runTrial(first(tinyTrials()), context);
  for (let event = await run.next(); !event.done; event = await run.next()) if (event.value.kind === "step") break;
  await run.return(undefined as never);
  expect(existsSync(stagesIn(context))).toBe(false);
});

test("the full protocol trains f too, and the row shows it", async () => {
  const { row } = await ran(first(tinyTrials({ transfer: { protocol: "full" } })), tinyContext(data));
  expect(row.featuresDigest.after).not.toBe(row.featuresDigest.before);
  expect(row.head).toMatchObject({ l2: 5e-4, iterations: 2, converged: false });
  expect(row.head.gradientNorm).toBeGreaterThan(0);
  expect(row.target.accuracy.n).toBe(30);
});

/** The first kind that acts in each of the places where methods act, at its strongest; every-method.test.ts trains all. */
const oneOfEach = [...Map.groupBy(Object.entries(methodKinds), ([, { adds }]) => adds).values()].flatMap(([first]) => {
  const [kind, { sweep }] = first ?? ["vanilla", methodKinds.vanilla];
  return sweep.length > 0 ? [{ kind, strength: sweep.at(-1) ?? 0 }] : [];
});

test.each(oneOfEach)("$kind $strength runs, and trains another model than vanilla", async ({ kind, strength }) => {
  const schedule = { epochs: 1, batch: 16, learningRate: 0.05 };
  const trials = tinyTrials({ methods: [kind], strengths: { [kind]: [strength] }, schedule });
  expect(trials.length).toBe(2);
  const context = tinyContext(data);
  const rows = [];
  for (const trial of trials) rows.push((await ran(trial, context)).row);
  expect(new Set(rows.map(({ checkpoint }) => checkpoint)).size).toBe(2);
});

test("a trial that diverges fails, says where, and leaves no model", async () => {
  const context = tinyContext(data);
  const trial = first(tinyTrials({ schedule: { epochs: 2, batch: 16, learningRate: 1e25 } }));
  await expect(ran(trial, context)).rejects.toThrow(/training diverged at epoch 1 of 2/);
  expect(existsSync(stagesIn(context))).toBe(false);
});

test("what the user can mend is an InputError", async () => {
  const tooMany = first(tinyTrials({ attack: { examples: 21, steps: 1 } }));
  await expect(ran(tooMany, tinyContext(data))).rejects.toThrow(InputError);
  const noModel = { ...first(tinyTrials()), model: "small-cn" };
  await expect(ran(noModel, tinyContext(data))).rejects.toThrow('did you mean "small-cnn"');
});

test("collapsed means that the interval of the accuracy holds chance or lies below it", () => {
  // Wilson at n = 1000: 0.118 -> [0.0995, 0.139], 0.13 -> [0.111, 0.152].
  expect(isCollapsed({ value: 0.1, n: 1000 }, 10)).toBe(true);
  expect(isCollapsed({ value: 0.05, n: 1000 }, 10)).toBe(true);
  expect(isCollapsed({ value: 0.118, n: 1000 }, 10)).toBe(true);
  expect(isCollapsed({ value: 0.13, n: 1000 }, 10)).toBe(false);
});

describe("protocols", () => {
  const [base] = tinyTrials();
  if (!base) throw new Error("no trial");
  const context = tinyContext(data);

  test("partial fine-tuning of the last block moves f, full fine-tuning elsewhere", async () => {
    const partial = { ...base, transfer: { ...base.transfer, protocol: "partial" as const, blocks: 1 } };
    const full = { ...base, transfer: { ...base.transfer, protocol: "full" as const } };
    const [one, all] = [(await ran(partial, context)).row, (await ran(full, context)).row];
    expect(one.featuresDigest.after).not.toBe(one.featuresDigest.before);
    expect(one.featuresDigest.after).not.toBe(all.featuresDigest.after);
    expect(one.target.meanPerClass?.n).toBe(30);
  });

  test("few-shot: the accuracy is the mean over draws", async () => {
    const transfer = { ...base.transfer, protocol: "few-shot" as const, perClass: 2, draws: 3 };
    const { row } = await ran({ ...base, transfer }, context);
    expect(row.target.draws).toHaveLength(3);
    expect(row.target.accuracy.value).toBeCloseTo((row.target.draws ?? []).reduce((a, b) => a + b) / 3, 12);
    expect(row.featuresDigest.after).toBe(row.featuresDigest.before);
    expect(row.target.trainLoss.n).toBe(20);
  });
});
