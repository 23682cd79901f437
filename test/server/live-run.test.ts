import { describe, expect, it } from "vitest";
import { recordCurve } from "../../src/server/curve.ts";
import { liveRun } from "../../src/server/live-run.ts";
import { trialId } from "../../src/studies/index.ts";
import { trialOf } from "../figures/fixture.ts";

describe("a recorded curve", () => {
  it("keeps every measurement while there is room", () => {
    const recorder = recordCurve(8);
    for (let i = 0; i < 7; i++) recorder.add(i, 10 * i, i / 10);
    expect(recorder.curve.loss).toEqual([0, 10, 20, 30, 40, 50, 60]);
  });

  it("is bounded, and each point is the mean of as many measurements as every other", () => {
    const recorder = recordCurve(8);
    // The means of 2^k consecutive numbers of a line lie on the line.
    for (let i = 0; i < 1000; i++) recorder.add(i, 3 * i + 1, i);
    const { epochs, loss } = recorder.curve;
    expect(epochs.length).toBeLessThan(8);
    expect(epochs.length).toBeGreaterThanOrEqual(3);
    const gaps = new Set(epochs.slice(1).map((epoch, i) => epoch - (epochs[i] ?? 0)));
    expect(gaps.size).toBe(1);
    for (const [i, epoch] of epochs.entries()) expect(loss[i]).toBeCloseTo(3 * epoch + 1, 9);
  });
});

describe("a run as its events tell it", () => {
  const trial = trialOf([{ kind: "jr", strength: 0.1 }], 0);
  const id = trialId(trial);

  it("knows the time left from the trials that ended", () => {
    let now = 0;
    const run = liveRun("tiny", { workers: 2 }, () => now);
    expect(run.run(4).secondsLeft).toBeUndefined();
    run.event({ kind: "started", trialId: id, trial, attempt: 1, pid: 1 });
    now = 10_000;
    run.event({ kind: "failed", trialId: id, failure: { trialId: id, trial, attempts: 1, message: "m", detail: "d" } });
    // Three are left, each 10 s, two at a time.
    expect(run.run(3).secondsLeft).toBe(15);
  });

  it("has a rate while it trains, and none while it attacks", () => {
    const run = liveRun("tiny", { workers: 1 });
    const numbers = { epoch: 1, epochs: 2, step: 1, steps: 2, loss: 1, accuracy: 0.5, secondsLeft: 1 };
    run.event({ kind: "started", trialId: id, trial, attempt: 1, pid: 7 });
    run.event({ kind: "event", trialId: id, event: { kind: "step", ...numbers, imagesPerSecond: 900 } });
    expect(run.run().workers[0]?.imagesPerSecond).toBe(900);
    run.event({ kind: "event", trialId: id, event: { kind: "note", message: "a sentence" } });
    expect(run.run().workers[0]?.imagesPerSecond).toBe(900);
    run.event({ kind: "event", trialId: id, event: { kind: "progress", stage: "attack", done: 1, of: 10 } });
    expect(run.run().workers[0]?.imagesPerSecond).toBeUndefined();
  });

  it("a worker that died leaves its trial waiting, and the attempt after it has the number that was told", () => {
    const run = liveRun("tiny", { workers: 1 }, () => 5);
    run.event({ kind: "started", trialId: id, trial, attempt: 1, pid: 7 });
    run.event({ kind: "again", trialId: id, attempt: 2, message: "worker process 7 ended by signal SIGKILL" });
    expect(run.stateOf(id)).toEqual({ status: "waiting", progress: undefined, failure: undefined });
    expect(run.run().workers).toEqual([]);
    run.event({ kind: "started", trialId: id, trial, attempt: 2, pid: 8 });
    expect(run.stateOf(id)).toMatchObject({ status: "running", progress: { attempt: 2, worker: "process 8" } });
    expect(run.recordsOf(id)?.log.map(({ text }) => text)).toEqual([
      "attempt 1 began in process 7: jr 0.1, seed 0",
      "worker process 7 ended by signal SIGKILL; attempt 2 follows",
      "attempt 2 began in process 8: jr 0.1, seed 0",
    ]);
  });

  it("its end leaves nothing running, and listeners that left hear nothing", () => {
    const run = liveRun("tiny", { workers: 1 });
    const heard: number[] = [];
    const leave = run.subscribe(({ trials }) => heard.push(trials.get("tiny")?.size ?? 0));
    run.event({ kind: "started", trialId: id, trial, attempt: 1, pid: 7 });
    run.state("over");
    expect(run.stateOf(id)?.status).toBe("waiting");
    expect(run.run()).toMatchObject({ state: "over", workers: [] });
    expect(heard).toEqual([1, 1]);
    leave();
    run.state("over");
    expect(heard).toHaveLength(2);
  });

  it("keeps the last 200 lines of a trial's log", () => {
    const run = liveRun("tiny", { workers: 1 });
    run.event({ kind: "started", trialId: id, trial, attempt: 1, pid: 7 });
    for (let i = 0; i < 500; i++) run.event({ kind: "event", trialId: id, event: { kind: "stage", stage: "train" } });
    expect(run.recordsOf(id)?.log).toHaveLength(200);
  });
});
