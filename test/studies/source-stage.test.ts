import { cpSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/base/index.ts";
import { digestTree } from "../../src/engine/index.ts";
import { createModel } from "../../src/models/index.ts";
import { emptyEpoch, saveFinished } from "../../src/studies/checkpoint.ts";
import { sourceStageId, type TrialEvent } from "../../src/studies/index.ts";
import { type SourceModel, type SourceStageOptions, sourceStage } from "../../src/studies/source-stage.ts";
import { sideData } from "../../src/studies/trial-data.ts";
import { newFolder } from "../datasets/samples.ts";
import { tinyContext, tinyDataFolder, tinyTrials } from "./tiny-data.ts";

const [trial] = tinyTrials({
  methods: ["jr"],
  strengths: { jr: [0.1] },
  schedule: { epochs: 4, batch: 8, learningRate: 0.05 },
}).slice(1);
if (!trial) throw new Error("no trial");
const stage = sourceStageId(trial);
const { train } = await sideData(trial.source, trial, tinyContext(tinyDataFolder()));
const model = createModel("small-cnn");

interface Staged {
  readonly events: readonly TrialEvent[];
  readonly source: SourceModel | undefined;
}

/** Runs the stage, 4 epochs of 4 steps; stops it after `stopAfter` events when that is given. */
async function staged(options: SourceStageOptions, stopAfter = Number.POSITIVE_INFINITY): Promise<Staged> {
  const run = sourceStage(trial as NonNullable<typeof trial>, model, train, options);
  const events: TrialEvent[] = [];
  for (;;) {
    const next = await run.next();
    if (next.done) return { events, source: next.value };
    events.push(next.value);
    if (events.length >= stopAfter) {
      await run.return(undefined as never);
      return { events, source: undefined };
    }
  }
}

const of = <Kind extends TrialEvent["kind"]>({ events }: Staged, kind: Kind) =>
  events.filter((event): event is TrialEvent & { kind: Kind } => event.kind === kind);
const digest = ({ source }: Staged) => digestTree(source?.parameters ?? {});
const unfinished = (folder: string) => readdirSync(folder).filter((name) => name.includes(".at-"));

const whole = await staged({ stagesDir: newFolder() });

/** A folder with the checkpoints of a training that was stopped in its third epoch, after two steps. */
const stopped = newFolder();
await staged({ stagesDir: stopped }, 12);

function copyOfStopped(): string {
  const folder = newFolder();
  cpSync(stopped, folder, { recursive: true });
  return folder;
}

/** Losses are the same to the bit; times are not. */
const timeless = (staged: Staged) =>
  of(staged, "epoch").map(({ epoch, loss, accuracy, n }) => [epoch, loss, accuracy, n]);

describe("a training that was stopped", () => {
  test("goes on after its last epoch and ends at the same model and curve, bit for bit", async () => {
    expect(of(whole, "step").length).toBe(16);
    expect(timeless(whole).map(([epoch, , , n]) => [epoch, n])).toEqual([1, 2, 3, 4].map((epoch) => [epoch, 32]));
    const folder = copyOfStopped();
    const rest = await staged({ stagesDir: folder });
    expect(of(rest, "step").length).toBe(8);
    expect(of(rest, "step")[0]).toMatchObject({ epoch: 3, step: 1 });
    expect(digest(rest)).toBe(digest(whole));
    expect(timeless(rest)).toEqual(timeless(whole));
    // Only the finished model remains, and it gives the same again, with its curve.
    expect(unfinished(folder)).toEqual([]);
    const again = await staged({ stagesDir: folder });
    expect(of(again, "step")).toEqual([]);
    expect([digest(again), timeless(again)]).toEqual([digest(whole), timeless(whole)]);
  });

  test("goes on within an epoch where that was saved", async () => {
    const folder = newFolder();
    await staged({ stagesDir: folder, secondsBetweenSaves: 0 }, 12);
    const rest = await staged({ stagesDir: folder });
    // After 12 events, 2 of them of epochs, 10 steps are done; the tenth was not saved before the stop was heard.
    expect(of(rest, "step")[0]).toMatchObject({ epoch: 3, step: 2 });
    expect(digest(rest)).toBe(digest(whole));
    expect(timeless(rest)).toEqual(timeless(whole));
  });

  test("keeps the last two checkpoints", () => {
    expect(unfinished(stopped).map((name) => name.slice(stage.length))).toEqual([
      ".at-000001-00000000.safetensors",
      ".at-000002-00000000.safetensors",
    ]);
  });

  test("an epoch is told once it is on the disk", async () => {
    const folder = newFolder();
    const run = sourceStage(trial as NonNullable<typeof trial>, model, train, { stagesDir: folder });
    for await (const event of run) {
      if (event.kind !== "epoch" || event.epoch === 4) continue;
      expect(unfinished(folder).at(-1)).toBe(`${stage}.at-00000${event.epoch}-00000000.safetensors`);
    }
  });
});

describe("a training that is asked for anew", () => {
  test("takes nothing from before its request, finished or not, and all that came of it", async () => {
    const folder = copyOfStopped();
    const anew = await staged({ stagesDir: folder, anew: "one" }, 12);
    expect(of(anew, "step")[0]).toMatchObject({ epoch: 1, step: 1 });
    const rest = await staged({ stagesDir: folder, anew: "one" });
    expect(of(rest, "step")[0]).toMatchObject({ epoch: 3, step: 1 });
    expect([digest(rest), of(rest, "note")]).toEqual([digest(whole), []]);
    expect(of(await staged({ stagesDir: folder, anew: "one" }), "step")).toEqual([]);
    expect(of(await staged({ stagesDir: folder }), "step")).toEqual([]);
    expect(of(await staged({ stagesDir: folder, anew: "two" }), "step")).toHaveLength(16);
  });
});

test("a worker that ends after its successor leaves the model that the successor's rows tell of", async () => {
  const folder = newFolder();
  const late = sourceStage(trial as NonNullable<typeof trial>, model, train, { stagesDir: folder });
  let last: SourceModel | undefined;
  for (let next = await late.next(); ; next = await late.next()) {
    if (next.done) {
      last = next.value;
      break;
    }
    // Its successor, on a machine of other bits, ends before it.
    if (next.value.kind === "step" && next.value.epoch === 4 && next.value.step === 1) {
      const name = { stage, model: model.name };
      const other = { epochs: 4, parameters: model.init(99), velocity: model.init(99) };
      await saveFinished(folder, name, { state: other, seconds: 7, curve: [], soFar: emptyEpoch }, model.init(0));
    }
  }
  expect(digestTree(last.parameters)).toBe(digestTree(model.init(99)));
  expect(last.seconds).toBe(7);
  expect(digest(await staged({ stagesDir: folder }))).toBe(digestTree(model.init(99)));
});

describe("a damaged checkpoint", () => {
  const last = (folder: string) => join(folder, `${stage}.at-000002-00000000.safetensors`);

  test("is told and passed over for the one before, and the model is the same", async () => {
    const stream = randomStream(5);
    const size = readFileSync(last(stopped)).length;
    for (let round = 0; round < 4; round++) {
      const folder = copyOfStopped();
      const bytes = readFileSync(last(folder));
      const at = stream.below(size);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << stream.below(8));
      writeFileSync(last(folder), bytes);
      const rest = await staged({ stagesDir: folder });
      expect(of(rest, "note")[0]?.message, `a bit of byte ${at} turned`).toMatch(
        /is damaged \(.*\); the one before is used$/,
      );
      expect(of(rest, "step")[0], `a bit of byte ${at} turned`).toMatchObject({ epoch: 2, step: 1 });
      expect(digest(rest)).toBe(digest(whole));
    }
  });

  test("so is one that is cut short, and one of nothing; with none left the training begins anew", async () => {
    const folder = copyOfStopped();
    truncateSync(last(folder), 1000);
    writeFileSync(join(folder, `${stage}.at-000001-00000000.safetensors`), "");
    const rest = await staged({ stagesDir: folder });
    expect(of(rest, "note")).toHaveLength(2);
    expect(of(rest, "step")).toHaveLength(16);
    expect(digest(rest)).toBe(digest(whole));
  });

  test("of the finished model is trained again", async () => {
    const folder = newFolder();
    await staged({ stagesDir: folder });
    truncateSync(join(folder, `${stage}.safetensors`), 5000);
    const again = await staged({ stagesDir: folder });
    expect(of(again, "note")[0]?.message).toContain("the training begins anew");
    expect(digest(again)).toBe(digest(whole));
  });

  test("of another training is no checkpoint of this one", async () => {
    const folder = copyOfStopped();
    const other = newFolder();
    const [vanilla] = tinyTrials({ schedule: { epochs: 4, batch: 8, learningRate: 0.05 } });
    if (!vanilla) throw new Error("no trial");
    for await (const event of sourceStage(vanilla, model, train, { stagesDir: other }))
      if (event.kind === "epoch" && event.epoch === 2) break;
    cpSync(join(other, `${sourceStageId(vanilla)}.at-000002-00000000.safetensors`), last(folder));
    const rest = await staged({ stagesDir: folder });
    expect(of(rest, "note")[0]?.message).toContain("it is of another training");
    expect(digest(rest)).toBe(digest(whole));
  });
});
