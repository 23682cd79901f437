import { describe, expect, it, onTestFinished } from "vitest";
import { claimsTables, judge } from "../../src/claims/index.ts";
import { backgroundLine } from "../../src/server/background.ts";
import { judgeRows } from "../../src/server/judge-rows.ts";
import { judging } from "../../src/server/judging.ts";
import { studyView } from "../../src/server/study-view.ts";
import type { Row } from "../../src/studies/index.ts";
import { crowdedRows, quickstartRows } from "../figures/fixture.ts";
import { memorySource } from "./fixture.ts";

const rows = crowdedRows();
const judged = (settings: readonly (readonly Row[])[]) => judgeRows({ settings, bound: [] });

describe("trends with strength", () => {
  const { rankings } = judged([rows]);
  const of = (family: string, quantity: string, among = rankings) =>
    among.find((each) => each.family === family && each.quantity === quantity);

  it("are the claims' own, number for number", () => {
    const { dtTrends, robustTrends } = judge(rows);
    expect(dtTrends.length).toBeGreaterThan(2);
    for (const [quantity, trends] of [["dt", dtTrends] as const, ["robust", robustTrends] as const])
      for (const { kind, rho, p, interval, seeds, levels } of trends)
        expect(of(kind, quantity)).toMatchObject({ rho, p, seeds, levels, ...(interval ? { interval } : {}) });
  });

  it("count vanilla as the weakest level: what rises at every seed over four levels is one of two among 24^3 orders", () => {
    const single = rows.filter(({ trial }) => trial.methods.every(({ kind }) => kind === "at"));
    const at = of("at", "robust", judged([single]).rankings);
    expect(at).toMatchObject({ rho: 1, seeds: 3, levels: 4, collapsed: 0 });
    expect(at?.p).toBeCloseTo(2 / 24 ** 3, 12);
  });

  it("leave out what collapsed, and say how much", () => {
    const strongest = (row: Row) =>
      row.trial.methods[0]?.kind === "at" && row.trial.methods[0].strength === atMost(rows);
    const fallen = rows.map((row) =>
      strongest(row)
        ? { ...row, source: { ...row.source, collapsed: true }, robust: rows[0]?.robust ?? row.robust }
        : row,
    );
    expect(of("at", "robust", judged([fallen]).rankings)).toMatchObject({ rho: 1, levels: 3, collapsed: 3 });
  });

  it("are within a setting, and there are none where no vanilla model learnt something", () => {
    const apart = judged([rows, rows.filter(({ trial }) => trial.methods.length > 0)]);
    expect(new Set(apart.rankings.map(({ setting }) => setting))).toEqual(new Set([0]));
  });
});

const atMost = (among: readonly Row[]) =>
  Math.max(
    ...among.flatMap(({ trial }) => trial.methods.flatMap(({ kind, strength }) => (kind === "at" ? strength : []))),
  );

describe("judging", () => {
  const viewOf = (all: readonly Row[], finished: readonly Row[]) => {
    const trials = all.map(({ trial }) => trial);
    return studyView({ name: "tiny", description: "", trials, rows: finished }, memorySource("tiny", trials, finished));
  };

  it("is done once for all who ask, and anew when a row came", async () => {
    const all = quickstartRows();
    const view = viewOf(all, all.slice(0, -1));
    const judge1 = judging();
    onTestFinished(() => judge1.close());
    const [first, second] = await Promise.all([judge1.claimsOf(view), judge1.claimsOf(view)]);
    expect(second).toBe(first);
    expect(first.tables).toEqual(claimsTables(judge(all.slice(0, -1))));
    // A step of a trial is no row.
    view.update([all.at(-1)?.trialId ?? ""], []);
    expect(await judge1.claimsOf(view)).toBe(first);
    view.update([], all.slice(-1));
    const after = await judge1.claimsOf(view);
    expect(after).not.toBe(first);
    expect(after.tables).toEqual(claimsTables(judge(all)));
  });

  it("of rows that come while it goes on is done once more, not once for each", async () => {
    const all = quickstartRows();
    const view = viewOf(all, all.slice(0, -3));
    const judge1 = judging();
    onTestFinished(() => judge1.close());
    const asked = [judge1.claimsOf(view)];
    for (const row of all.slice(-3)) {
      view.update([], [row]);
      asked.push(judge1.claimsOf(view));
    }
    const [first, ...others] = await Promise.all(asked);
    expect(new Set(others).size).toBe(1);
    expect(others[0]).not.toBe(first);
    expect(others[0]?.tables).toEqual(claimsTables(judge(all)));
  });

  it("leaves this process free", async () => {
    const judge1 = judging();
    onTestFinished(() => judge1.close());
    const began = performance.now();
    let [last, longest] = [began, 0];
    const timer = setInterval(() => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }, 2);
    await judge1.claimsOf(viewOf(rows, rows));
    clearInterval(timer);
    expect(longest).toBeLessThan((performance.now() - began) / 2);
  });

  it("ends with the server: its process is killed, and what waits is refused", async () => {
    const line = backgroundLine();
    // It reads what never comes to an end of judging soon: the evidence of many rows.
    const many = Array.from({ length: 40 }, () => rows);
    const running = line.run("judge-process", { settings: many, bound: [] });
    const waiting = line.run("judge-process", { settings: many, bound: [] });
    const refused = Promise.all([
      expect(running).rejects.toThrow("the server is closed"),
      expect(waiting).rejects.toThrow("the server is closed"),
    ]);
    setTimeout(() => line.close(), 200);
    await refused;
  });
});
