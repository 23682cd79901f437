import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listTrials } from "../src/queue/index.ts";
import { drain } from "../test/crash/drain.ts";
import { trialOf } from "../test/figures/fixture.ts";
import { ask, openWorkshop, workAll } from "../test/queue/places.ts";
import { startPostgres } from "../test/store/postgres.ts";

/**
 * What the queue costs, on the embedded database and on PostgreSQL: seconds a trial that does nothing (one worker process,
 * already started), the listing of 10,000 queued trials, and on PostgreSQL eight workers that drain 1,000 trials. Prints
 * one JSON value; medians of `rounds`. `npm run bench:queue`, on a quiet machine.
 */
const rounds = 5;
const trialsARound = 60;
const runner = new URL("../test/queue/fake-trial.ts", import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), "carryover-bench-"));
process.env.FAKE_TRIALS = folder;

const server = await startPostgres();
try {
  const embedded = await costs(join(folder, "store"));
  const postgresql = await costs(server.url);
  const drained = await drain({ trials: 1000, workers: 8, deaths: 0 });
  process.stdout.write(`${JSON.stringify({ embedded, postgresql, drained }, undefined, 2)}\n`);
} finally {
  await server.remove();
  rmSync(folder, { recursive: true });
}

async function costs(place: string) {
  const shop = await openWorkshop(place);
  try {
    const millisecondsATrial = await everyRound(async (round) => {
      const trials = Array.from({ length: trialsARound }, (_, i) => trialOf([], 1000 * round + i));
      await ask(shop, `cost-${round}`, trials);
      // The first trial waits for the process to start.
      const at: number[] = [];
      await workAll(shop, `cost-${round}`, { runner, slots: 1 }, ({ kind }) => {
        if (kind === "finished") at.push(performance.now());
      });
      return ((at.at(-1) ?? 0) - (at[0] ?? 0)) / (at.length - 1);
    });
    await ask(
      shop,
      "large",
      Array.from({ length: 10_000 }, (_, i) => trialOf([], 100_000 + i)),
    );
    const millisecondsToList10000 = await everyRound(async () => {
      const began = performance.now();
      await listTrials(shop.store.database, "large");
      return performance.now() - began;
    });
    return { millisecondsATrial, millisecondsToList10000 };
  } finally {
    await shop.close();
  }
}

async function everyRound(measure: (round: number) => Promise<number>) {
  const all: number[] = [];
  for (let round = 1; round <= rounds; round++) all.push(await measure(round));
  // An odd number of rounds has a middle one.
  return { median: all.toSorted((a, b) => a - b)[rounds >> 1], all };
}
