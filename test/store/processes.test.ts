import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { afterAll, expect, test } from "vitest";
import { randomStream } from "../../src/base/index.ts";
import { openStore } from "../../src/store/index.ts";
import { trialId } from "../../src/studies/trial.ts";
import { trialOf } from "../figures/fixture.ts";

/** How often the writer is killed; CARRYOVER_KILLS=200 makes a soak of it. */
const kills = Number(process.env.CARRYOVER_KILLS ?? 3);
const folder = mkdtempSync(join(tmpdir(), "carryover-store-"));
const children: ChildProcessByStdio<null, Readable, null>[] = [];

afterAll(() => {
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

function startWriter(first: number, count: number) {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "writer.ts"), folder, String(first), String(count)],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  children.push(child);
  const lines: string[] = [];
  const reader = createInterface(child.stdout).on("line", (line) => lines.push(line));
  const saying = (text: string, times = 1) =>
    new Promise<void>((resolve, reject) => {
      let left = times;
      reader.on("line", (line) => {
        if (line.startsWith(text) && --left === 0) resolve();
      });
      reader.on("close", () => reject(new Error(`the writer ended before it said "${text}": ${lines.join("; ")}`)));
    });
  const killed = async () => {
    child.kill("SIGKILL");
    await once(reader, "close");
  };
  return { pid: child.pid, lines, saying, killed };
}

test("a second opener is refused with the owner's pid and the folder, and let in after kill -9", async () => {
  const owner = startWriter(0, 0);
  await owner.saying("open");
  const refusal = `store: ${folder}: expected to be its only user, got process ${owner.pid} holding it; wait for it to end, or choose another folder`;
  await expect(openStore(folder)).rejects.toMatchObject({ name: "InputError", message: refusal });

  const second = startWriter(0, 0);
  await second.saying(`InputError: ${refusal}`);
  await owner.killed();

  const store = await openStore(folder);
  await expect(openStore(folder)).rejects.toThrow(`got process ${process.pid} holding it`);
  await store.close();
  await (await openStore(folder)).close();
});

test(
  "after kill -9 amid writes every acknowledged row is there, and none twice",
  async () => {
    const stream = randomStream(7);
    const acknowledged = new Set<string>();
    let first = 0;
    for (let round = 0; round < kills; round++) {
      const perRound = 100_000;
      const writer = startWriter(first, perRound);
      // On a machine of any speed after some rows, and at any moment between two.
      await writer.saying("ack", 2 + stream.below(30));
      await new Promise((resolve) => setTimeout(resolve, stream.below(20)));
      await writer.killed();
      const acks = writer.lines.filter((line) => line.startsWith("ack ")).map((line) => line.slice(4));
      for (const id of acks) acknowledged.add(id);

      const store = await openStore(folder);
      const seeds = Array.from({ length: acks.length + 1 }, (_, i) => first + i);
      const rows = await store.rowsOf(seeds.map((seed) => trialId(trialOf([], seed))));
      expect(rows.map((row) => row.trialId).slice(0, acks.length)).toEqual(acks);
      const attempts = await Promise.all(rows.map(async (row) => (await store.attemptsOf(row.trialId)).length));
      expect(new Set(attempts)).toEqual(new Set([1]));
      expect(await store.finishedTrials([...acknowledged])).toEqual(acknowledged);
      await store.close();
      first += perRound;
    }
    expect(acknowledged.size).toBeGreaterThan(kills);
  },
  300_000 + kills * 10_000,
);
