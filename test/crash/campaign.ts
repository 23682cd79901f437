import { cpSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type RandomStream, randomStream } from "../../src/base/index.ts";
import { openQueue } from "../../src/queue/index.ts";
import { openStore } from "../../src/store/index.ts";
import { type Running, type Workplace, workplace } from "../cli/carryover.ts";
import { type Postgres, startPostgres } from "../store/postgres.ts";
import { tinyDataFolder } from "../studies/tiny-data.ts";
import { crashEntry, differences, type Finals, type Left, leftBy, type TinyStudy, tinyStudy, toldBy } from "./lives.ts";

/** What a campaign found. All but the first four should be 0. */
export interface Campaign {
  readonly kills: number;
  readonly killsOfChildren: number;
  readonly studies: number;
  readonly rows: number;
  readonly acknowledgedEpochsLost: number;
  readonly duplicateRows: number;
  readonly missingRows: number;
  readonly otherDigests: number;
  readonly seconds: number;
}

export interface CampaignOptions {
  /** Names the moments of the kills. */
  readonly seed?: number;
  /** Told after each study what was found so far. */
  readonly see?: (found: Campaign) => void;
}

const ignore = () => {};

const environment = (data: string) => ({ CARRYOVER_DATA: data });

/** The same study without a kill. */
export async function uninterrupted(study: (place: Workplace) => TinyStudy, data: string): Promise<Finals> {
  const place = workplace();
  try {
    const { file, ids } = study(place);
    const words = ["run", file, "--no-serve", "--json", "--workers", "2"];
    const { code, stderr } = await place.run(words, { entry: crashEntry, environment: environment(data) });
    if (code !== 0) throw new Error(`campaign: the uninterrupted run ended with ${code}: ${stderr}`);
    return (await leftBy(join(place.folder, ".carryover"), ids)).finals;
  } finally {
    place.remove();
  }
}

/** How a kill falls: on the whole process, or on one of those that train for it. */
function kill(running: Running, stream: RandomStream): "child" | "whole" {
  const { pids } = toldBy(running);
  const victim = stream.below(2) === 0 ? pids[stream.below(Math.max(1, pids.length))] : undefined;
  if (victim === undefined) {
    running.child.kill("SIGKILL");
    return "whole";
  }
  try {
    process.kill(victim, "SIGKILL");
  } catch {
    // It had just ended by itself.
  }
  return "child";
}

/** Counts epochs that were told to be saved and were trained again all the same. */
function epochKeeper() {
  const saved = new Map<string, number>();
  let lost = 0;
  return {
    lost: () => lost,
    after(running: Running): void {
      const told = toldBy(running);
      for (const [id, epoch] of told.resumedAt)
        if (epoch <= (saved.get(id) ?? 0)) lost += (saved.get(id) ?? 0) - epoch + 1;
      for (const [id, epoch] of told.saved) saved.set(id, Math.max(saved.get(id) ?? 0, epoch));
    },
  };
}

async function emptyStore(): Promise<{ folder: string; remove(): void }> {
  const place = workplace();
  const folder = join(place.folder, ".carryover");
  const store = await openStore(folder);
  await (await openQueue(store.database, { shared: false })).close();
  await store.close();
  return { folder, remove: place.remove };
}

/** Kills runs of a tiny study on the embedded database at random moments, and starts them again, until it is done. */
export async function embeddedCampaign(
  kills: number,
  { seed = 1, see = ignore }: CampaignOptions = {},
): Promise<Campaign> {
  const began = performance.now();
  const stream = randomStream(seed);
  const data = tinyDataFolder();
  const make = (place: Workplace) => tinyStudy(place, "tiny", { epochs: 12, seeds: 1 });
  const expected = await uninterrupted(make, data);
  const sum = emptySum();
  const made = await emptyStore();
  while (sum.kills < kills) {
    const place = workplace();
    // Kills fall on the making of a database in the first study only: it takes seconds.
    if (sum.studies > 0) cpSync(made.folder, join(place.folder, ".carryover"), { recursive: true });
    const { file, ids } = make(place);
    const keeper = epochKeeper();
    const words = ["run", file, "--no-serve", "--json", "--workers", "2"];
    for (let code: number | null = null; code !== 0; ) {
      const running = place.start(words, { entry: crashEntry, environment: environment(data) });
      // The first kills of a study fall anywhere, its making included; later ones mostly into its training.
      if (stream.below(4) > 0) await Promise.race([running.says(/"event":"started"/).catch(() => {}), running.ended]);
      while (sum.kills < kills) {
        await Promise.race([wait(stream.below(1800)), running.ended]);
        if (running.child.exitCode !== null || running.child.signalCode !== null) break;
        sum.kills++;
        if (kill(running, stream) === "whole") break;
        sum.killsOfChildren++;
      }
      ({ code } = await running.ended);
      keeper.after(running);
    }
    const left = await leftBy(join(place.folder, ".carryover"), ids);
    tally(sum, left, keeper, expected);
    place.remove();
    see(campaignOf(sum, began));
  }
  made.remove();
  return campaignOf(sum, began);
}

/** The same on PostgreSQL: workers that share a folder for checkpoints are killed and replaced until a study is done. */
export async function serverCampaign(
  kills: number,
  { seed = 2, see = ignore, workers = 3, seeds = 6 }: CampaignOptions & { workers?: number; seeds?: number } = {},
): Promise<Campaign> {
  const began = performance.now();
  const stream = randomStream(seed);
  const data = tinyDataFolder();
  const make = (place: Workplace) => tinyStudy(place, "tiny", { epochs: 6, seeds });
  const expected = await uninterrupted(make, data);
  const sum = emptySum();
  while (sum.kills < kills) {
    const server: Postgres = await startPostgres();
    const place = workplace();
    const { file, ids } = make(place);
    const artifacts = join(place.folder, "artifacts");
    const common = ["--database", server.url, "--artifacts", artifacts, "--json"];
    const options = { entry: crashEntry, environment: environment(data) };
    const startWorker = () => place.start(["worker", ...common, "--slots", "1"], options);
    const keeper = epochKeeper();
    const startRun = async () => {
      const run = place.start(["run", file, ...common, "--no-serve", "--workers", "1"], options);
      await run.says(/"event":"run"/);
      return run;
    };
    try {
      let coordinator = await startRun();
      const crew = Array.from({ length: workers }, startWorker);
      while (coordinator.child.exitCode !== 0) {
        await Promise.race([wait(200 + stream.below(2500)), coordinator.ended]);
        if (coordinator.child.exitCode === 1) {
          // A trial whose process was killed four times has failed; the next run tries it again.
          keeper.after(coordinator);
          coordinator = await startRun();
        } else if ((coordinator.child.exitCode ?? 0) > 1) {
          const { code, stderr } = await coordinator.ended;
          throw new Error(`campaign: the coordinator ended with ${code}: ${stderr}`);
        }
        if (sum.kills >= kills || coordinator.child.exitCode === 0) continue;
        // A worker takes longer to start than to be killed; most kills are to fall on one that has something in hand.
        const busy = crew.flatMap((worker, i) => (toldBy(worker).pids.length > 0 ? [i] : []));
        const any = stream.below(4) === 0;
        if (busy.length === 0 && !any) continue;
        const at = any ? stream.below(crew.length) : (busy[stream.below(busy.length)] ?? 0);
        const victim = crew[at];
        if (!victim) continue;
        sum.kills++;
        if (kill(victim, stream) === "child") sum.killsOfChildren++;
        else {
          await victim.ended;
          keeper.after(victim);
          crew[at] = startWorker();
        }
      }
      for (const worker of crew) worker.child.kill("SIGKILL");
      const left = await leftBy(server.url, ids);
      tally(sum, left, keeper, expected);
    } finally {
      place.remove();
      await server.remove();
    }
    see(campaignOf(sum, began));
  }
  return campaignOf(sum, began);
}

const emptySum = () => ({
  ...{ kills: 0, killsOfChildren: 0, studies: 0 },
  ...{ rows: 0, lost: 0, duplicates: 0, missing: 0, others: 0 },
});

type Sum = ReturnType<typeof emptySum>;

/** Adds what a study left. */
function tally(sum: Sum, left: Left, keeper: ReturnType<typeof epochKeeper>, expected: Finals): void {
  sum.studies++;
  sum.rows += left.finals.size;
  sum.lost += keeper.lost();
  sum.duplicates += left.duplicates;
  sum.missing += left.missing;
  sum.others += differences(left.finals, expected);
}

function campaignOf(sum: Sum, began: number): Campaign {
  return {
    kills: sum.kills,
    killsOfChildren: sum.killsOfChildren,
    studies: sum.studies,
    rows: sum.rows,
    acknowledgedEpochsLost: sum.lost,
    duplicateRows: sum.duplicates,
    missingRows: sum.missing,
    otherDigests: sum.others,
    seconds: Math.round((performance.now() - began) / 1000),
  };
}
