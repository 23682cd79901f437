import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { digestTree } from "../../src/engine/index.ts";
import { createModel } from "../../src/models/index.ts";
import type { TrialEvent } from "../../src/studies/index.ts";
import { type SourceModel, type SourceStageOptions, sourceStage } from "../../src/studies/source-stage.ts";
import { sideData } from "../../src/studies/trial-data.ts";
import { newFolder } from "../datasets/samples.ts";
import { tinyContext, tinyDataFolder, tinyTrials } from "./tiny-data.ts";

const [trial] = tinyTrials({
  methods: ["jr"],
  strengths: { jr: [0.1] },
  schedule: { epochs: 4, batch: 16, learningRate: 0.05 },
}).slice(1);
if (!trial) throw new Error("no trial");
const { train } = await sideData(trial.source, trial, tinyContext(tinyDataFolder()));
const model = createModel("small-cnn");

/** Runs the stage; stops it after `stopAfter` steps when that is given. */
async function staged(options: SourceStageOptions, stopAfter = Number.POSITIVE_INFINITY) {
  const run = sourceStage(trial as NonNullable<typeof trial>, model, train, options);
  const events: TrialEvent[] = [];
  for (;;) {
    const next = await run.next();
    if (next.done) return { events, source: next.value as SourceModel | undefined };
    events.push(next.value);
    if (events.length >= stopAfter) {
      await run.return(undefined as never);
      return { events, source: undefined };
    }
  }
}

test("a training that was stopped goes on after its last saved epoch and ends at the same model, bit for bit", async () => {
  const whole = await staged({ stagesDir: newFolder() });
  expect(whole.events.length).toBe(8);
  const stagesDir = newFolder();
  await staged({ stagesDir, secondsBetweenSaves: 0 }, 5);
  expect(readdirSync(stagesDir).length).toBe(1);
  const rest = await staged({ stagesDir, secondsBetweenSaves: 0 });
  expect(rest.events.length).toBe(4);
  expect(rest.events[0]).toMatchObject({ kind: "step", epoch: 3, step: 1 });
  expect(digestTree(rest.source?.parameters ?? {})).toBe(digestTree(whole.source?.parameters ?? {}));
  // Only the finished model remains.
  expect(readdirSync(stagesDir).filter((name) => name.includes("unfinished"))).toEqual([]);
  expect((await staged({ stagesDir })).events.length).toBe(0);
});
