import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { UnreachableError } from "../../src/base/index.ts";
import { cancelTrials, retryTrial, type WorkEvent } from "../../src/queue/index.ts";
import { liveRun } from "../../src/server/live-run.ts";
import type { Activity, StudySource } from "../../src/server/source.ts";
import { type StoreSourceOptions, storeSource } from "../../src/server/store-source.ts";
import type { Store } from "../../src/store/index.ts";
import { type Trial, trialId } from "../../src/studies/index.ts";
import { trialOf } from "../figures/fixture.ts";
import { fakeName, fakeRow } from "../queue/fake-trial.ts";
import { ask, newFolder, openWorkshop, type Workshop, workAll } from "../queue/places.ts";

const runner = new URL("../queue/fake-trial.ts", import.meta.url).href;
const patience = { timeout: 30_000, interval: 20 };

describe("a source of a store", () => {
  const { place, remove } = newFolder();
  const steering = mkdtempSync(join(tmpdir(), "carryover-source-"));
  let shop: Workshop;
  let seed = 0;
  let trial: Trial;
  let id: string;
  /** Names of this test's own. */
  let one: string;
  let two: string;

  beforeAll(async () => {
    process.env.FAKE_TRIALS = steering;
    shop = await openWorkshop(place);
  });
  afterAll(async () => {
    await shop.close();
    await remove();
    rmSync(steering, { recursive: true, force: true });
  });
  beforeEach(() => {
    trial = trialOf([], ++seed);
    id = trialId(trial);
    [one, two] = [`one-${seed}`, `two-${seed}`];
  });

  const tell = (behaviour: string) => writeFileSync(join(steering, `${behaviour}-${fakeName(trial)}`), "");
  const forget = (behaviour: string) => rmSync(join(steering, `${behaviour}-${fakeName(trial)}`));
  const work = (study: string, see?: (event: WorkEvent) => void) => workAll(shop, study, { runner, slots: 1 }, see);

  /** A source that is followed, with what it told. */
  async function followed(studies: readonly string[], options: StoreSourceOptions = {}, store: Store = shop.store) {
    const source = storeSource(store, { queue: shop.queue, everyMs: 20, ...options });
    const told: Activity[] = [];
    const seen = new Map<string, string | undefined>();
    onTestFinished(
      source.subscribe((activity) => {
        told.push(activity);
        for (const [study, ids] of activity.trials) if (ids.has(id)) seen.set(study, status(source, study));
      }),
    );
    for (const study of studies) await source.study(study);
    return {
      source,
      rows: () => told.flatMap(({ rows }) => rows.map(({ trialId }) => trialId)),
      /** Until who listens, and looks at what it is told of alone, sees the trial so. */
      waitFor: async (study: string, wanted: string) => {
        await expect.poll(() => seen.get(study), patience).toBe(wanted);
        expect(status(source, study)).toBe(wanted);
      },
    };
  }
  const status = (source: StudySource, study: string) => source.stateOf(study, id)?.status;

  it("shows a trial that two studies share where it runs, and its row in both", async () => {
    for (const study of [one, two]) await ask(shop, study, [trial]);
    const { source, rows, waitFor } = await followed([one, two]);
    tell("hold");
    const working = work(one);
    await waitFor(one, "running");
    expect(source.stateOf(one, id)?.progress?.attempt).toBe(1);
    expect(status(source, two)).toBe("waiting");
    expect(source.run(one)?.workers.map((worker) => worker.trial)).toEqual([id]);
    expect(source.run(two)).toBeUndefined();
    forget("hold");
    await working;
    await expect.poll(rows, patience).toEqual([id]);
    await waitFor(one, "done");
  });

  it("takes a trial that failed in one study for done when another one brings its row", async () => {
    for (const study of [one, two]) await ask(shop, study, [trial]);
    const { source, waitFor } = await followed([one, two]);
    tell("throw");
    await work(two);
    await waitFor(two, "failed");
    expect(source.stateOf(two, id)?.failure).toBe("loss: expected a finite number, got NaN");
    expect(status(source, one)).toBe("waiting");
    forget("throw");
    await work(one);
    await waitFor(one, "done");
    expect(status(source, two)).toBe("done");
    expect((await source.recordsOf(two, id)).failure).toBeUndefined();
  });

  it("believes the newest event: a trial that failed here and was done elsewhere is done", async () => {
    await ask(shop, one, [trial]);
    const live = liveRun(one, { workers: 1 });
    const { source, waitFor } = await followed([one], { live });
    tell("throw");
    await work(one, (event) => event.kind !== "told" && live.event(event));
    expect(status(source, one)).toBe("failed");
    forget("throw");
    await retryTrial(shop.queue, one, id);
    await work(one);
    expect(live.stateOf(id)?.status).toBe("failed");
    await waitFor(one, "done");
    expect((await source.recordsOf(one, id)).failure).toBeUndefined();
  });

  it("goes on after the database was away, and misses no row", async () => {
    await ask(shop, one, [trial]);
    const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    let refused = 0;
    const away: Store = {
      ...shop.store,
      rowsOf: async (wanted) => {
        if (typeof wanted !== "string" && refused++ < 3) throw new UnreachableError("the database is away");
        return shop.store.rowsOf(wanted);
      },
    };
    try {
      const { source, rows } = await followed([one], {}, away);
      await work(one);
      await expect.poll(rows, patience).toEqual([id]);
      expect(refused).toBe(4);
      expect(status(source, one)).toBe("done");
      expect(said.mock.calls.filter(([text]) => String(text).includes("the database is away"))).toHaveLength(1);
    } finally {
      said.mockRestore();
    }
  });

  it("takes a trial whose worker was killed for waiting", async () => {
    await ask(shop, one, [trial]);
    tell("hold");
    const { source, waitFor } = await followed([one]);
    const working = work(one);
    await waitFor(one, "running");
    // As after kill -9: the tables say that it runs, and no one is heard of.
    await shop.store.database.query("update workers set left_at = now() where left_at is null", []);
    await waitFor(one, "waiting");
    expect(source.run(one)).toBeUndefined();
    const [line] = await shop.store.database.query<{ count: number }>(
      "select count(*)::int as count from attempts where trial_id = $1 and ended_at is null",
      [id],
    );
    expect(line?.count).toBe(1);
    forget("hold");
    await working;
  });

  it("knows by whom a study pauses also before anyone opened it", async () => {
    await ask(shop, one, [trial]);
    await shop.store.database.query("insert into study_states (study, paused) values ($1, true)", [one]);
    const source = storeSource(shop.store);
    await source.studies();
    expect(source.run(one)?.state).toBe("paused");
  });

  it("counts for the time left what is in line: neither what was cancelled nor what others took", async () => {
    const trials = [0, 1, 2, 3].map((i) => trialOf([{ kind: "jr", strength: 1 + i }], ++seed));
    await ask(shop, one, trials);
    let now = 0;
    const live = liveRun(one, { workers: 1 }, () => now);
    const { source } = await followed([one], { live });
    const first = trialId(trials[0] as Trial);
    live.event({ kind: "started", trialId: first, trial, attempt: 1, pid: 1 });
    now = 10_000;
    live.event({ kind: "finished", trialId: first, row: fakeRow(trials[0] as Trial) });
    // The tables do not know of that row: four are in line, 10 s each.
    expect(source.run(one)?.secondsLeft).toBe(40);
    await cancelTrials(shop.queue, one, [trialId(trials[3] as Trial)]);
    await expect.poll(() => source.run(one)?.secondsLeft, patience).toBe(30);
  });

  it("refuses to cancel what neither waits in line nor runs", async () => {
    await shop.store.saveStudy({ name: one, definition: null, trials: [trial] });
    const { source } = await followed([one]);
    await expect(source.actions.cancel?.(one, id)).rejects.toThrow(
      `cancel: expected a trial of ${one} that is in line or runs, got "${id}"`,
    );
  });
});
