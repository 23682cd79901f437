import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  attackAll,
  type Examples,
  plansFor,
  runAttack,
  type Victim,
  VictimOnThreads,
  victimOf,
} from "../../src/attacks/index.ts";
import { randomStream } from "../../src/base/index.ts";
import { flattenTree, writeSafetensors } from "../../src/engine/index.ts";
import { createModel } from "../../src/models/index.ts";

const model = createModel("small-cnn", { classes: 10 });
const parameters = model.init(3);
let folder: string;
let path: string;
let [alone, threaded]: Victim[] = [];

/** Random bytes, labelled with what the model says of most and with another class for every fifth. */
let examples: Examples;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "carryover-threads-"));
  path = join(folder, "model.safetensors");
  await writeSafetensors(path, flattenTree(parameters), { model: "small-cnn" });
  alone = victimOf(model, parameters);
  threaded = new VictimOnThreads(path, { model, parameters }, { threads: 2 });
  const stream = randomStream(7);
  const pixels = Uint8Array.from({ length: 70 * 3072 }, () => Math.floor(256 * stream.uniform()));
  const said = new Int32Array(70);
  for (let i = 0; i < 70; i += 14) {
    const logits = await alone.logits(Float32Array.from(pixels.subarray(i * 3072, (i + 14) * 3072), (v) => v / 255));
    for (let k = 0; k < 14; k++) {
      const row = [...logits.subarray(k * 10, (k + 1) * 10)];
      const largest = row.indexOf(Math.max(...row));
      said[i + k] = (i + k) % 5 === 4 ? (largest + 1) % 10 : largest;
    }
  }
  examples = { pixels, shape: [70, 3, 32, 32], labels: said };
});

afterAll(async () => {
  await alone?.dispose();
  await threaded?.dispose();
  await rm(folder, { recursive: true });
});

describe("a victim on two threads", () => {
  test("gives each example the verdict that it has alone, whichever thread answers", async () => {
    for (const plan of plansFor("standard", { norm: "l2", eps: 0.05, steps: 1, restarts: 1, classes: 10 }).map(
      (plan) => ("steps" in plan ? { ...plan, steps: 3 } : { ...plan, queries: 20 }),
    )) {
      const [wanted, got] = await Promise.all(
        [alone, threaded].map((victim) => attackAll(victim as Victim, examples, plan, { seed: 1 })),
      );
      // A batch of few images has a graph of its own, which rounds in another order.
      const flags = (list: typeof wanted) =>
        list?.map(({ index, clean, robust, brokenAt, answers }) => ({ index, clean, robust, brokenAt, answers }));
      expect(flags(got)).toEqual(flags(wanted));
      for (const [i, verdict] of (got ?? []).entries()) {
        expect(verdict.worstLoss).toBeCloseTo(wanted?.[i]?.worstLoss ?? Number.NaN, 4);
        expect(verdict.farthest).toBeCloseTo(wanted?.[i]?.farthest ?? Number.NaN, 4);
      }
      expect(wanted?.filter(({ clean }) => clean).length).toBe(56);
    }
  });

  test("attacks each example once, whichever thread takes it, and only those asked for", async () => {
    const plan = { kind: "square", norm: "l2", eps: 0.05, queries: 10, restarts: 1 } as const;
    const indices = Array.from({ length: 45 }, (_, i) => 69 - i);
    const got: number[] = [];
    let last = 0;
    for await (const { finished, done, of } of runAttack(threaded as Victim, examples, plan, { seed: 1, indices })) {
      got.push(...finished.map(({ index }) => index));
      expect([done, of]).toEqual([got.length, 45]);
      last = done;
    }
    expect(last).toBe(45);
    expect(got.toSorted((a, b) => b - a)).toEqual(indices);
  });

  test("loses no verdict to whoever takes them slowly, though the thread ends meanwhile", async () => {
    const victim = new VictimOnThreads(path, { model, parameters }, { threads: 1 });
    const plan = { kind: "fgsm", norm: "l2", eps: 0.05 } as const;
    const got: number[] = [];
    const indices = Array.from({ length: 20 }, (_, i) => i);
    for await (const { finished } of runAttack(victim, examples, plan, { seed: 1, indices })) {
      got.push(...finished.map(({ index }) => index));
      await victim.logits(new Float32Array(3072)); // Answered after the thread's share of the attack.
    }
    await victim.dispose();
    expect(got.toSorted((a, b) => a - b)).toEqual(indices);
  });

  test("tells why a thread could not start, and ends", async () => {
    const broken = join(folder, "broken.safetensors");
    await writeFile(broken, "no model");
    const victim = new VictimOnThreads(broken, { model, parameters }, { threads: 2 });
    const plan = { kind: "fgsm", norm: "l2", eps: 0.05 } as const;
    await expect(attackAll(victim, examples, plan, { seed: 1 })).rejects.toThrow("broken.safetensors");
    await victim.dispose();
  });

  test("an aborted attack waits for what is under way and gives the signal's reason", async () => {
    const aborted = new AbortController();
    const plan = { kind: "square", norm: "l2", eps: 0.05, queries: 1000, restarts: 1 } as const;
    const run = runAttack(threaded as Victim, examples, plan, { seed: 1, signal: aborted.signal });
    await run.next();
    aborted.abort(new Error("enough"));
    await expect(run.next()).rejects.toThrow("enough");
    expect((await (threaded as Victim).logits(new Float32Array(3072))).length).toBe(10);
  });
});
