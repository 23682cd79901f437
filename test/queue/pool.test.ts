import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { type PoolEvent, type PoolOptions, runPool } from "../../src/queue/index.ts";
import { defineStudy, expandStudy, type StudyInput, type Trial, trialId } from "../../src/studies/index.ts";
import { fakeName, fakeRow } from "./fake-trial.ts";

const study: StudyInput = {
  name: "fake",
  pairs: [{ source: { dataset: "cifar10" }, target: { dataset: "mnist" } }],
  model: "small-cnn",
  methods: ["blur"],
  strengths: { blur: [3, 5] },
  schedule: { epochs: 1, learningRate: 0.1 },
  seeds: 2,
};
const trials = expandStudy(defineStudy(study));
const runner = new URL("./fake-trial.ts", import.meta.url).href;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "carryover-pool-"));
  process.env.FAKE_TRIALS = folder;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const tell = (behaviour: string, name: string) => writeFileSync(join(folder, `${behaviour}-${name}`), "");
const forget = (behaviour: string, name: string) => rmSync(join(folder, `${behaviour}-${name}`), { force: true });
const begun = () => readFileSync(join(folder, "begun"), "utf8").trim().split("\n");

async function runAll(
  some: readonly Trial[],
  options: Partial<PoolOptions> = {},
  see: (event: PoolEvent) => void = () => {},
): Promise<PoolEvent[]> {
  const seen: PoolEvent[] = [];
  for await (const event of runPool(some, { workers: 2, runner, context: {}, ...options })) {
    seen.push(event);
    see(event);
  }
  return seen;
}

const of = <Kind extends PoolEvent["kind"]>(events: readonly PoolEvent[], kind: Kind) =>
  events.filter((event): event is PoolEvent & { kind: Kind } => event.kind === kind);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("runPool", () => {
  it("gives every trial's row once, with its events before it", async () => {
    const events = await runAll(trials);
    const rows = of(events, "finished").map(({ row }) => row);
    expect(rows.map(({ trialId: id }) => id).sort()).toEqual(trials.map(trialId).sort());
    expect(rows).toContainEqual(fakeRow(trials[0] as Trial));
    const first = events.filter((event) => event.trialId === trialId(trials[0] as Trial)).map(({ kind }) => kind);
    expect([first[0], first[1], first.at(-1)]).toEqual(["started", "event", "finished"]);
  });

  it("starts no more processes than workers, and they are gone afterwards", async () => {
    const pids = new Set(of(await runAll(trials), "started").map(({ pid }) => pid ?? 0));
    expect(pids.size).toBeLessThanOrEqual(2);
    expect([...pids].filter(isAlive)).toEqual([]);
  });

  it("takes a trial to a fresh worker when its own was killed", async () => {
    tell("hold", "0-blur-3");
    let killed = 0;
    const events = await runAll(trials, {}, (event) => {
      if (event.kind !== "started" || fakeName(event.trial) !== "0-blur-3" || killed > 0) return;
      killed = event.pid ?? 0;
      process.kill(killed, "SIGKILL");
      forget("hold", "0-blur-3");
    });
    expect(of(events, "again").map(({ attempt, message }) => [attempt, message])).toEqual([
      [2, `worker process ${killed} ended by signal SIGKILL`],
    ]);
    expect(of(events, "finished")).toHaveLength(6);
    expect(of(events, "failed")).toEqual([]);
  });

  it("records a trial as failed after three killed workers, and finishes the others", async () => {
    tell("hold", "0-vanilla");
    const events = await runAll(trials, {}, (event) => {
      if (event.kind === "event" && event.trialId === trialId(trials[0] as Trial) && event.event.kind === "stage")
        process.kill(pidOf(event.trialId), "SIGKILL");
      if (event.kind === "started") pids.set(event.trialId, event.pid ?? 0);
    });
    expect(of(events, "failed").map(({ failure }) => [failure.trial, failure.attempts])).toEqual([[trials[0], 3]]);
    expect(of(events, "failed")[0]?.failure.message).toMatch(/^worker process \d+ ended by signal SIGKILL$/);
    expect(of(events, "finished")).toHaveLength(5);
  });
  const pids = new Map<string, number>();
  const pidOf = (id: string) => pids.get(id) ?? 0;

  it("fails a trial that throws at once, with its message and stack", async () => {
    tell("throw", "0-vanilla");
    const events = await runAll(trials);
    const [failed] = of(events, "failed");
    expect(failed?.failure).toMatchObject({ attempts: 1, message: "loss: expected a finite number, got NaN" });
    expect(failed?.failure.detail).toContain("fake-trial.ts");
    expect(of(events, "finished")).toHaveLength(5);
  });

  it("throws the InputError of a trial, and the workers are gone", async () => {
    tell("input", "0-vanilla");
    tell("hold", "0-blur-3");
    const seen: number[] = [];
    const running = runAll(trials, {}, (event) => event.kind === "started" && seen.push(event.pid ?? 0));
    await expect(running).rejects.toThrow(new InputError("dataset mnist: expected a file, got none"));
    expect(seen.filter(isAlive)).toEqual([]);
  });

  it("refuses a row that is not one", async () => {
    tell("nonsense", "0-vanilla");
    const [failed] = of(await runAll(trials.slice(0, 1)), "failed");
    expect(failed?.failure.message).toBe("the trial gave a row that is not one");
  });

  it("stops between two steps when it is asked to, and keeps what was finished", async () => {
    tell("hold", "0-blur-3");
    tell("hold", "0-blur-5");
    const stop = new AbortController();
    const events = await runAll(trials, { signal: stop.signal }, (event) => {
      if (event.kind === "started" && fakeName(event.trial) === "0-blur-5") stop.abort();
    });
    expect(of(events, "finished").map(({ row }) => row.trialId)).toEqual([trialId(trials[0] as Trial)]);
    expect(begun()).not.toContain("1-vanilla");
    expect(of(events, "started").filter(({ pid }) => isAlive(pid ?? 0))).toEqual([]);
  });

  it("does not train one source model twice at once: trials that share it run one after the other", async () => {
    const [one] = trials;
    const other = { ...one, target: { dataset: "svhn", train: null, validation: 10, test: null } } as Trial;
    const events = await runAll([one as Trial, other]);
    expect(events.filter(({ kind }) => kind !== "event").map(({ kind }) => kind)).toEqual([
      "started",
      "finished",
      "started",
      "finished",
    ]);
  });

  it("leaves no worker behind when its loop is left", async () => {
    tell("hold", "0-vanilla");
    let pid = 0;
    for await (const event of runPool(trials.slice(0, 1), { workers: 1, runner, context: {} })) {
      if (event.kind === "started") pid = event.pid ?? 0;
      if (event.kind === "event") break;
    }
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(join(folder, "begun"))).toBe(true);
  });
});
