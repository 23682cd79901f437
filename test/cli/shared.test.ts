import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { havePostgres, type Postgres, startPostgres } from "../store/postgres.ts";
import { type Workplace, workplace } from "./carryover.ts";

describe.skipIf(!havePostgres("the command line on PostgreSQL"))("on a shared PostgreSQL", () => {
  let server: Postgres;
  let [coordinator, elsewhere]: Workplace[] = [];
  beforeAll(async () => {
    server = await startPostgres();
    [coordinator, elsewhere] = [workplace(), workplace()];
  });
  afterAll(async () => {
    coordinator?.remove();
    elsewhere?.remove();
    await server.remove();
  });

  it("a run without workers leaves the trials to one that came before the database was up, and draws", async () => {
    if (!coordinator || !elsewhere) throw new Error("no workplace");
    await server.kill();
    const worker = elsewhere.start(["worker", "--database", server.url, "--slots", "1", "--json"]);
    await worker.says(/the database is asked again until it answers/);
    await wait(300);
    await server.start();
    const run = await coordinator.run([
      "run",
      "quickstart",
      "--database",
      server.url,
      "--workers",
      "0",
      "--no-serve",
      "--json",
    ]);
    expect(run.stderr).toBe("");
    expect(run.code).toBe(0);
    const lines = run.stdout
      .trim()
      .split("\n")
      .map((line): Record<string, unknown> => JSON.parse(line));
    expect(lines.find(({ event }) => event === "run")).toMatchObject({ trials: 18, finished: 0, workers: 0 });
    expect(lines.filter(({ event }) => event === "started")).toEqual([]);
    expect(lines.findLast(({ event }) => event === "elsewhere")).toMatchObject({
      done: 18,
      running: 0,
      failed: 0,
      of: 18,
    });
    expect(coordinator.begun()).toEqual([]);
    expect(elsewhere.begun()).toHaveLength(18);
    worker.child.kill("SIGTERM");
    expect((await worker.ended).code).toBe(130);
  }, 120_000);
});
