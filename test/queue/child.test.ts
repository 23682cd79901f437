import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, it } from "vitest";
import { childProcess } from "../../src/queue/child.ts";
import { trialOf } from "../figures/fixture.ts";
import { fakeRow } from "./fake-trial.ts";

const runner = new URL("./fake-trial.ts", import.meta.url).href;

it("a stop that comes when the trial has ended leaves the process to the next trial", async () => {
  process.env.FAKE_TRIALS = mkdtempSync(join(tmpdir(), "carryover-child-"));
  const child = childProcess();
  try {
    const ran = (seed: number) => child.run({ trial: trialOf([], seed), runner, context: {} }, () => {});
    expect(await ran(1)).toEqual({ kind: "row", row: fakeRow(trialOf([], 1)) });
    const pid = child.pid();
    child.stop(50);
    await wait(100);
    expect(await ran(2)).toEqual({ kind: "row", row: fakeRow(trialOf([], 2)) });
    // The stop was sent before the row of the trial was read.
    const third = ran(3);
    child.stop(10_000);
    const ending = await third;
    expect(["row", "died"]).toContain(ending.kind);
    expect(await ran(4)).toEqual({ kind: "row", row: fakeRow(trialOf([], 4)) });
    expect(ending.kind === "row" ? child.pid() : pid).toBe(pid);
  } finally {
    await child.end(2000);
    rmSync(process.env.FAKE_TRIALS, { recursive: true });
  }
});
