import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openStore } from "../../src/store/index.ts";
import { newFolder } from "../datasets/samples.ts";
import { rowOf, trialOf } from "../figures/fixture.ts";

const trials = [1, 2].map((seed) => trialOf([], seed));
const rows = trials.map((trial) => rowOf(trial, { source: 0.5, robust: 0.1 + 0.2, target: 1 / 3 }));

test("a visitor gives way to a coordinator, looks through it, and stays when it ends", async () => {
  const folder = newFolder();
  const visitor = await openStore(folder, { visitor: true });
  expect(await visitor.studies()).toEqual([]);

  // The coordinator that comes has the folder; what it writes is seen, and what the visitor writes stays.
  const coordinator = await openStore(folder);
  await coordinator.saveStudy({ name: "seen", definition: 1, trials });
  await coordinator.appendRow(rows[0] as never, "seen");
  expect(await visitor.studies()).toEqual([{ name: "seen", trials: 2, finished: 1 }]);
  expect(await visitor.appendRow(rows[1] as never, "seen")).toBe(1);
  expect(await coordinator.rowsOf("seen")).toEqual(rows);
  await expect(openStore(folder)).rejects.toThrow(`got process ${process.pid} holding it`);

  // Without a coordinator the visitor opens the folder itself, and leaves it free.
  await coordinator.close();
  expect(await visitor.rowsOf("seen")).toEqual(rows);
  await visitor.close();
  await expect(visitor.studies()).rejects.toThrow("got closed");
  expect(existsSync(join(folder, "owner.json"))).toBe(false);
}, 240_000);
