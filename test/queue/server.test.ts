import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { UnreachableError } from "../../src/base/index.ts";
import { recordRow } from "../../src/queue/claims.ts";
import { openStore } from "../../src/store/index.ts";
import type { Row } from "../../src/studies/row.ts";
import { type Trial, trialId } from "../../src/studies/trial.ts";
import { trialOf } from "../figures/fixture.ts";
import { havePostgres, type Postgres, password, startPostgres } from "../store/postgres.ts";
import { fakeName, fakeRow } from "./fake-trial.ts";
import { ask, of, openWorkshop, type Workshop, workAll } from "./places.ts";

const runner = new URL("./fake-trial.ts", import.meta.url).href;

describe.skipIf(!havePostgres("faults of a PostgreSQL"))("a PostgreSQL that", () => {
  let server: Postgres;
  let shop: Workshop;
  const folder = mkdtempSync(join(tmpdir(), "carryover-server-"));
  beforeAll(async () => {
    process.env.FAKE_TRIALS = folder;
    server = await startPostgres();
    shop = await openWorkshop(server.url, 10);
  });
  afterAll(async () => {
    await shop.close();
    await server.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  const hold = (trial: Trial) => join(folder, `hold-${fakeName(trial)}`);

  it("is away amid a trial is waited for: the trial goes on, and its row is recorded once", async () => {
    const trial = trialOf([], 1);
    await ask(shop, "away", [trial]);
    writeFileSync(hold(trial), "");
    let begun = false;
    let outage = Promise.resolve();
    const events = await workAll(shop, "away", { runner, slots: 1 }, (event) => {
      if (event.kind !== "event" || event.event.kind !== "step" || begun) return;
      begun = true;
      outage = (async () => {
        await server.kill();
        // The trial ends while no one can record it.
        rmSync(hold(trial));
        await new Promise((resolve) => setTimeout(resolve, 1500));
        await server.start();
      })();
    });
    await outage;
    expect(of(events, "finished")).toHaveLength(1);
    expect(of(events, "told").map(({ message }) => message)).toEqual([
      expect.stringContaining("what is held goes on, and the database is asked again until it answers"),
      "the database answers again",
    ]);
    expect(await shop.store.attemptsOf(trialId(trial))).toEqual([fakeRow(trial)]);
  }, 120_000);

  it("serves a worker whose clock jumps a day ahead, and back again, amid a trial as any other", async () => {
    const trial = trialOf([], 3);
    await ask(shop, "clock", [trial]);
    writeFileSync(hold(trial), "");
    const day = 86_400_000;
    let jumped = false;
    try {
      const events = await workAll(shop, "clock", { runner, slots: 1 }, (event) => {
        if (event.kind !== "event" || event.event.kind !== "step" || jumped) return;
        jumped = true;
        vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + day });
        setTimeout(() => vi.setSystemTime(Date.now() - 2 * day), 3000);
        // Longer than a silent worker keeps its trial, so that it was heard of since.
        setTimeout(() => rmSync(hold(trial)), 14_000);
      });
      expect(jumped).toBe(true);
      expect(events.filter(({ kind }) => kind !== "event").map(({ kind }) => kind)).toEqual(["started", "finished"]);
      expect(await shop.store.attemptsOf(trialId(trial))).toEqual([fakeRow(trial)]);
    } finally {
      vi.useRealTimers();
    }
  }, 120_000);

  it("hears nothing of a worker any more gives its trial to another one, and refuses the first one's row", async () => {
    const trial = trialOf([], 2);
    await ask(shop, "silent", [trial]);
    const taken = async () => (await shop.queue.boss.fetch<unknown>("silent"))[0];
    const first = await taken();
    await shop.store.database.query(
      "update carryover_queue.job set heartbeat_on = now() - interval '1 hour' where id = $1",
      [first?.id],
    );
    let second = await taken();
    for (const until = performance.now() + 30_000; !second && performance.now() < until; second = await taken())
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect([first?.retryCount, second?.id, second?.retryCount]).toEqual([0, first?.id, 1]);
    const held = (retry: number) => ({
      ...{
        study: "silent",
        jobId: first?.id ?? "",
        retry,
        trialId: trialId(trial),
        trial,
        fresh: false,
        anew: undefined,
      },
    });
    const row = (finishedAt: string) => ({ ...fakeRow(trial), finishedAt });
    const [early, late, latest] = ["01", "02", "03"].map((day) => row(`2026-01-${day}T00:00:00.000Z`)) as [
      Row,
      Row,
      Row,
    ];
    expect(await recordRow(shop.store, shop.queue, held(0), early)).toBe(false);
    expect(await shop.store.attemptsOf(trialId(trial))).toEqual([]);
    expect(await recordRow(shop.store, shop.queue, held(1), late)).toBe(true);
    // Told twice, as when the answer was lost on the way; and by the first one once more.
    expect(await recordRow(shop.store, shop.queue, held(1), late)).toBe(true);
    await recordRow(shop.store, shop.queue, held(0), latest);
    expect(await shop.store.attemptsOf(trialId(trial))).toEqual([late]);
  }, 120_000);

  it("refuses a password, a user or a name says so at once, without the password", async () => {
    const wrong = server.url.replace(encodeURIComponent(password), "wrong-secret");
    const refused = openStore(wrong);
    await expect(refused).rejects.toMatchObject({
      name: "InputError",
      message: expect.stringContaining("the password is wrong"),
    });
    await expect(refused).rejects.not.toThrow("wrong-secret");
    await expect(openStore(server.url.replace(/postgres$/, "nowhere"))).rejects.toMatchObject({
      name: "InputError",
      message: expect.stringContaining("there is no database of that name"),
    });
    await expect(openStore("postgres://me@127.0.0.1:9/none")).rejects.toThrow(UnreachableError);
  });

  it("has tables of a newer version is refused with both numbers", async () => {
    await shop.store.database.query("insert into migrations (version) values (99)");
    await expect(openStore(server.url)).rejects.toMatchObject({
      name: "InputError",
      message: expect.stringMatching(/expected tables of version \d+ or older, got 99: a newer carryover wrote them/),
    });
    await shop.store.database.query("delete from migrations where version = 99");
    await (await openStore(server.url)).close();
  });
});
