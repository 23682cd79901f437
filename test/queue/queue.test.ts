import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recordEpoch, recordFailure, recordStop, take } from "../../src/queue/claims.ts";
import {
  askFor,
  cancelTrials,
  continueStudy,
  eventsAfter,
  hurryTrial,
  listEpochs,
  listFailures,
  listStudies,
  listTrials,
  openQueue,
  pauseStudy,
  type Queue,
  retryTrial,
} from "../../src/queue/index.ts";
import { openStore, type Store } from "../../src/store/index.ts";
import { trialId } from "../../src/studies/trial.ts";
import { rowOf, trialOf } from "../figures/fixture.ts";
import { havePostgres, startPostgres } from "../store/postgres.ts";

const numbers = { source: 0.5, robust: 0.25, target: 0.75 };

/** What must be the same whichever PostgreSQL the store is on. */
function queueFacts(open: () => Promise<{ place: string; remove(): Promise<void> }>) {
  let store: Store;
  let queue: Queue;
  let remove = async () => {};
  beforeAll(async () => {
    const opened = await open();
    remove = opened.remove;
    store = await openStore(opened.place);
    queue = await openQueue(store.database, { shared: !store.embedded });
  }, 60_000);
  afterAll(async () => {
    await queue.close();
    await store.close();
    await remove();
  });

  const study = async (name: string, seeds: readonly number[]) => {
    const trials = seeds.map((seed) => trialOf([], seed));
    await store.saveStudy({ name, definition: null, trials });
    return trials.map(trialId);
  };
  const states = async (name: string) => (await listTrials(store.database, name)).map(({ state }) => state);
  const counts = async (name: string) => (await listStudies(store.database, name))[0];

  it("asks for what a study lacks, once, and for what is new when it grows", async () => {
    const ids = await study("grows", [1, 2]);
    await store.appendRow(rowOf(trialOf([], 1), numbers), "grows");
    expect(await states("grows")).toEqual(["done", "waiting"]);
    expect(await Promise.all([askFor(queue, "grows"), askFor(queue, "grows")])).toEqual(expect.arrayContaining([0, 1]));
    expect(await states("grows")).toEqual(["done", "queued"]);
    await study("grows", [1, 2, 3]);
    expect(await askFor(queue, "grows")).toBe(1);
    expect(await states("grows")).toEqual(["done", "queued", "queued"]);
    expect(await counts("grows")).toMatchObject({ trials: 3, done: 1, queued: 2, running: 0, paused: false });
    await retryTrial(queue, "grows", ids[0] ?? "");
    expect(await states("grows")).toEqual(["queued", "queued", "queued"]);
    await expect(retryTrial(queue, "grows", ids[0] ?? "")).rejects.toMatchObject({ name: "InputError" });
  });

  it("gives trials in the study's order, a hurried one first", async () => {
    const ids = await study("ordered", [10, 11, 12]);
    await askFor(queue, "ordered");
    expect(await hurryTrial(queue, "ordered", ids[2] ?? "")).toBe(true);
    const taken = [];
    for (let i = 0; i < 3; i++)
      taken.push(...(await queue.boss.fetch<{ trialId: string }>("ordered")).map(({ data }) => data.trialId));
    expect(taken).toEqual([ids[2], ids[0], ids[1]]);
    expect(await states("ordered")).toEqual(["running", "running", "running"]);
  });

  it("gives a trial and tells its state whatever clocks did", async () => {
    await study("clocks", [13]);
    await askFor(queue, "clocks");
    await store.database.query(
      "update carryover_queue.job set start_after = now() + interval '1 hour' where name = 'clocks'",
    );
    // As a failure that was told before the clock was set back.
    const held = await take(queue, "clocks");
    if (!held) throw new Error("expected a trial");
    await recordFailure(queue, held, { message: "loss: NaN", detail: "" });
    await store.database.query(
      "update jobs set created_at = now() + interval '1 hour', ended_at = now() + interval '1 hour' where study = 'clocks'",
    );
    expect(await askFor(queue, "clocks")).toBe(1);
    expect(await states("clocks")).toEqual(["queued"]);
    expect(await listFailures(store.database, "clocks")).toEqual([]);
  });

  it("tells no failure of a trial that another study has a row of since", async () => {
    const [id = ""] = await study("fails", [14]);
    await askFor(queue, "fails");
    const held = await take(queue, "fails");
    if (!held) throw new Error("expected a trial");
    await recordFailure(queue, held, { message: "loss: NaN", detail: "" });
    expect(await listFailures(store.database, "fails")).toMatchObject([{ trialId: id, message: "loss: NaN" }]);
    await store.appendRow(rowOf(trialOf([], 14), numbers), "other");
    expect(await listFailures(store.database, "fails")).toEqual([]);
    expect(await states("fails")).toEqual(["done"]);
  });

  it("asked to train anew, tells all trials of the request its name, also those that were given back", async () => {
    await study("anew", [15, 16]);
    await askFor(queue, "anew", { fresh: true, anew: true });
    const [one, two] = [await take(queue, "anew"), await take(queue, "anew")];
    expect(one?.anew).toMatch(/^[0-9a-f-]{36}$/);
    expect(two?.anew).toBe(one?.anew);
    if (!one || !two) throw new Error("expected two trials");
    await recordStop(queue, one);
    expect(await take(queue, "anew")).toMatchObject({ trialId: one.trialId, fresh: true, anew: one.anew });
    await cancelTrials(queue, "anew");
    await askFor(queue, "anew", { fresh: true });
    expect(await take(queue, "anew")).toMatchObject({ anew: undefined });
  });

  it("takes no epoch from a worker whose trial was taken from it", async () => {
    const [id = ""] = await study("epochs", [17]);
    await askFor(queue, "epochs");
    const held = await take(queue, "epochs");
    if (!held) throw new Error("expected a trial");
    const epoch = {
      kind: "epoch",
      epoch: 1,
      epochs: 2,
      loss: 1,
      accuracy: 0.5,
      n: 10,
      imagesPerSecond: 1,
      seconds: 1,
    } as const;
    await recordEpoch(queue, held, epoch);
    await recordStop(queue, held);
    await recordEpoch(queue, held, { ...epoch, epoch: 2, loss: 9 });
    expect((await listEpochs(store.database, [id])).map(({ loss }) => loss)).toEqual([1]);
  });

  it("cancels, and a later run asks anew; pauses, and goes on", async () => {
    await study("stops", [20, 21]);
    await askFor(queue, "stops");
    expect(await cancelTrials(queue, "stops")).toBe(2);
    expect(await states("stops")).toEqual(["cancelled", "cancelled"]);
    await pauseStudy(store.database, "stops");
    expect(await counts("stops")).toMatchObject({ paused: true, cancelled: 2 });
    expect(await continueStudy(queue, "stops")).toBe(2);
    expect(await counts("stops")).toMatchObject({ paused: false, queued: 2 });
  });

  it("tells what happened in order, from any event on", async () => {
    await study("told", [30]);
    await pauseStudy(store.database, "told");
    await continueStudy(queue, "told");
    const told = (await eventsAfter(store.database)).filter((event) => event.study === "told");
    expect(told.map(({ kind }) => kind)).toEqual(["paused", "continued", "queued"]);
    const later = await eventsAfter(store.database, told[0]?.cursor);
    expect(later.filter((event) => event.study === "told").map(({ kind }) => kind)).toEqual(["continued", "queued"]);
  });

  it("refuses a study that is not known, with the nearest name", async () => {
    await expect(pauseStudy(store.database, "tolld")).rejects.toMatchObject({
      name: "InputError",
      message: expect.stringContaining('did you mean "told"?'),
    });
  });

  it("lists 10,000 queued trials in the study's order", async () => {
    const seeds = Array.from({ length: 10_000 }, (_, i) => 1000 + i);
    await study("large", seeds);
    expect(await askFor(queue, "large")).toBe(10_000);
    const lines = await listTrials(store.database, "large");
    expect(lines.map(({ trial }) => trial.seed)).toEqual(seeds);
    expect(new Set(lines.map(({ state }) => state))).toEqual(new Set(["queued"]));
  }, 120_000);
}

describe("the queue on the embedded database", () => {
  queueFacts(async () => {
    const folder = mkdtempSync(join(tmpdir(), "carryover-queue-"));
    return { place: folder, remove: async () => rmSync(folder, { recursive: true, force: true }) };
  });
});

describe.skipIf(!havePostgres("the queue on PostgreSQL"))("the queue on PostgreSQL", () => {
  queueFacts(async () => {
    const server = await startPostgres();
    return { place: server.url, remove: server.remove };
  });
});
