import { expect, test } from "vitest";
import { runTrial } from "../../src/studies/run-trial.ts";
import { noisyJpeg, png } from "../datasets/picture-files.ts";
import { put } from "../datasets/samples.ts";
import { tinyContext, tinyDataFolder, tinyTrials } from "./tiny-data.ts";

/** 20 pictures of each of three colours, of mixed sizes; one more is cut short. */
function ownPictures(): string {
  const folder = tinyDataFolder();
  for (const [channel, colour] of ["red", "green", "blue"].entries())
    for (let i = 0; i < 20; i++) {
      const level = [40 + i, 40 + i, 40 + i] as [number, number, number];
      level[channel] = 200 + i;
      put(`${folder}/colours/${colour}/${i}.png`, png(level, 20 + i, 40 - i));
    }
  put(`${folder}/colours/red/cut.jpg`, noisyJpeg().subarray(0, 900));
  return folder;
}

const pairs = [
  {
    source: { dataset: "cifar10", train: 32, validation: 10, test: 20 },
    target: { dataset: "colours", train: 36, validation: 9, test: 12 },
  },
];

test("a trial is transferred to a folder of one's own images; damaged ones are left out when that is asked", async () => {
  const folder = ownPictures();
  const [trial] = tinyTrials({ pairs, attack: { steps: 2, examples: 10, health: 0, target: 12 } });
  if (!trial) throw new Error("no trial");
  const ran = async (skipCorrupt: boolean) => {
    const run = runTrial(trial, { ...tinyContext(folder), skipCorrupt });
    for (;;) {
      const next = await run.next();
      if (next.done) return next.value;
    }
  };
  await expect(ran(false)).rejects.toThrow("got 1 of 61 that cannot: red/cut.jpg (JPEG cut short");
  const { target } = await ran(true);
  expect([target.accuracy.n, target.robust?.accuracy.n, target.validationAccuracy.n]).toEqual([12, 12, 9]);
  // Three colours are told apart by any features that see colour.
  expect(target.accuracy.value).toBeGreaterThan(0.9);
});
