import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { randomStream } from "../../src/base/index.ts";
import { exportStudy, importStudy, openStore, rebuildStore, type Store } from "../../src/store/index.ts";
import { sourceStageId, trialId } from "../../src/studies/trial.ts";
import { newFolder } from "../datasets/samples.ts";
import { rowOf, trialOf } from "../figures/fixture.ts";

const trials = [1, 2, 3].map((seed) => trialOf([], seed));
const rows = trials.map((trial) => rowOf(trial, { source: 0.5, robust: 0.1 + 0.2, target: 1 / 3 }));
const epoch =
  "insert into epochs (trial_id, epoch, epochs, loss, accuracy, n, images_per_second, seconds) values ($1, 1, 2, 0.7, 0.3, 32, 10, 3)";

/** A folder with a store of three rows and one curve; tests copy it, for making one takes seconds. */
let made = "";
beforeAll(async () => {
  made = newFolder();
  const store = await openStore(made);
  await store.saveStudy({ name: "kept", definition: { one: 1 }, trials });
  for (const row of rows) await store.appendRow(row, "kept");
  await store.database.query(epoch, [trialId(trials[0] as never)]);
  await store.close();
});

function copy(): string {
  const folder = newFolder();
  cpSync(made, folder, { recursive: true });
  return folder;
}

async function rowsIn(folder: string) {
  const store = await openStore(folder);
  try {
    return { rows: await store.rowsOf("kept"), notes: store.notes };
  } finally {
    await store.close();
  }
}

describe("the journal", () => {
  test("gives the database back: doctor --rebuild keeps the old one and has every row", async () => {
    const folder = copy();
    const { kept, ...found } = await rebuildStore(folder);
    expect(found).toEqual({ rows: 3, damaged: 0, foreign: 0 });
    expect(readdirSync(kept).length).toBeGreaterThan(0);
    expect(await rowsIn(folder)).toEqual({ rows, notes: [] });
  });

  test("a line that is changed or cut short is left out and counted; the others come back", async () => {
    const folder = copy();
    const journal = join(folder, "journal.jsonl");
    const lines = readFileSync(journal, "utf8").split("\n");
    lines[2] = (lines[2] ?? "").replace('"seed":2', '"seed":7');
    writeFileSync(journal, lines.join("\n"));
    truncateSync(journal, readFileSync(journal).length - 20);
    expect(await rebuildStore(folder)).toMatchObject({ rows: 1, damaged: 2 });
    expect((await rowsIn(folder)).rows).toEqual([rows[0]]);
  });

  test("rows that only one of the two has come into the other when the store is opened", async () => {
    const folder = copy();
    const journal = join(folder, "journal.jsonl");
    const lines = readFileSync(journal, "utf8").split("\n");
    // As a power loss leaves it: the database without the last row; and as a kill between the two leaves it.
    const other = newFolder();
    writeFileSync(join(other, "journal.jsonl"), lines.slice(0, 3).join("\n").concat("\n"));
    await rebuildStore(other);
    rmSync(join(folder, "database"), { recursive: true });
    cpSync(join(other, "database"), join(folder, "database"), { recursive: true });
    const opened = await rowsIn(folder);
    expect(opened.rows).toEqual(rows);
    expect(opened.notes).toEqual([`store: ${folder}: 1 rows that the database had lost were taken from the journal`]);

    writeFileSync(journal, `${lines.slice(0, 2).join("\n")}\n`);
    await rowsIn(folder);
    expect((await rebuildStore(folder)).rows).toBe(3);
  });

  test("so do studies: one that the database lost comes back, one that the journal never got is put down", async () => {
    const folder = copy();
    const journal = join(folder, "journal.jsonl");
    const store = await openStore(folder);
    await store.database.query("delete from study_trials");
    await store.database.query("delete from studies");
    await store.close();
    const opened = await rowsIn(folder);
    expect(opened.rows).toEqual(rows);
    expect(opened.notes).toEqual([
      `store: ${folder}: 1 studies that the database had lost were taken from the journal`,
    ]);

    const withoutStudies = readFileSync(journal, "utf8")
      .split("\n")
      .filter((line) => !line.includes('"kind":"study"'));
    writeFileSync(journal, withoutStudies.join("\n"));
    expect(await rowsIn(folder)).toEqual({ rows, notes: [] });
    await rebuildStore(folder);
    expect(await rowsIn(folder)).toEqual({ rows, notes: [] });
  });

  test("whose line of a first row was damaged still says that the second one counts", async () => {
    const folder = copy();
    const store = await openStore(folder);
    const [first] = rows;
    if (!first) throw new Error("no row");
    const second = { ...first, finishedAt: "2099-01-01T00:00:00.000Z", checkpoint: "second" };
    await store.appendRow(second, "kept");
    await store.close();
    const journal = join(folder, "journal.jsonl");
    const lines = readFileSync(journal, "utf8").split("\n");
    lines[1] = (lines[1] ?? "").replace('"seed":1', '"seed":7');
    writeFileSync(journal, lines.join("\n"));
    const notes = [`store: ${folder}: the journal was damaged in line 2; what it lacked was added from the database`];
    expect((await rowsIn(folder)).notes).toEqual(notes);
    // Told once, for it is mended.
    expect((await rowsIn(folder)).notes).toEqual([]);
    await rebuildStore(folder);
    const after = await openStore(folder);
    expect(await after.attemptsOf(first.trialId)).toEqual([first, second]);
    await after.close();
  });

  test("with a line of another version of carryover the store opens, and a rebuild tells what it leaves out", async () => {
    const folder = copy();
    const journal = join(folder, "journal.jsonl");
    const lines = readFileSync(journal, "utf8").split("\n");
    const entry =
      /"entry":(.*)\}$/.exec(lines[3] ?? "")?.[1]?.replace('"checkpoint":', '"fromLater":1,"checkpoint":') ?? "";
    const sum = createHash("sha256").update(entry).digest("hex").slice(0, 16);
    lines[3] = `{"sum":"${sum}","entry":${entry}}`;
    writeFileSync(journal, lines.join("\n"));
    expect(await rowsIn(folder)).toEqual({ rows, notes: [] });
    expect(readFileSync(journal, "utf8")).toBe(lines.join("\n"));
    expect(await rebuildStore(folder)).toMatchObject({ rows: 2, damaged: 0, foreign: 1 });
    expect((await rowsIn(folder)).notes).toEqual([
      `store: ${folder}: 1 rows that the database has lost are in the journal in the form of another version of carryover`,
    ]);
  });
});

test("tables of a newer carryover are refused in one sentence, and the folder is left free", async () => {
  const folder = copy();
  const store = await openStore(folder);
  await store.database.query("insert into migrations (version) values (999)");
  await store.close();
  for (let attempt = 0; attempt < 2; attempt++)
    await expect(openStore(folder)).rejects.toMatchObject({
      name: "InputError",
      message: expect.stringMatching(/or older, got 999: a newer carryover wrote them$/),
    });
});

describe("a study as a file", () => {
  const folder = newFolder();
  const archive = join(folder, "kept.tar");
  const stages = join(folder, "stages");
  const checkpoint = `${sourceStageId(trials[0] as never)}.safetensors`;
  const bytes = Buffer.from(Array.from({ length: 5000 }, (_, i) => i % 251));

  beforeAll(async () => {
    cpSync(made, join(folder, "store"), { recursive: true });
    const store = await openStore(join(folder, "store"));
    mkdirSync(stages);
    writeFileSync(join(stages, checkpoint), bytes);
    writeFileSync(join(stages, "0123456789abcdef.safetensors"), "of another study");
    expect(await exportStudy(store, "kept", archive, stages)).toEqual({
      study: "kept",
      trials: 3,
      rows: 3,
      checkpoints: 1,
    });
    await store.close();
  });

  test("comes in elsewhere as it was, twice the same as once; another study of its name is refused", async () => {
    const place = newFolder();
    const store = await openStore(join(place, "store"));
    const arrived = join(place, "stages");
    try {
      for (const [came, models] of [
        [3, 1],
        [0, 0],
      ])
        expect(await importStudy(store, archive, arrived)).toEqual({
          study: "kept",
          trials: 3,
          rows: came,
          checkpoints: models,
        });
      expect(await store.rowsOf("kept")).toEqual(rows);
      expect(await store.attemptsOf(rows[0]?.trialId ?? "")).toHaveLength(1);
      expect(readFileSync(join(arrived, checkpoint))).toEqual(bytes);
      expect(readdirSync(arrived)).toEqual([checkpoint]);
      expect(await store.database.query("select epoch, loss from epochs")).toEqual([{ epoch: 1, loss: 0.7 }]);
      await store.saveStudy({ name: "kept", definition: { one: 2 }, trials });
      await expect(importStudy(store, archive, arrived)).rejects.toThrow("defined otherwise");

      // A file that is cut short or changed anywhere is refused, and nothing of it comes in.
      const whole = readFileSync(archive);
      const stream = randomStream(3);
      const contents = [...whole.keys()].filter(
        (i) => i > 512 && whole[i] !== 0 && i < whole.indexOf(bytes.subarray(0, 64)) + 5000,
      );
      const elsewhere = join(place, "nothing");
      for (let round = 0; round < 8; round++) {
        const broken = Buffer.from(whole);
        // Within the members' contents; of a tar's padding nothing depends.
        const at = contents[stream.below(contents.length)] ?? 0;
        broken[at] = (broken[at] ?? 0) ^ 0x10;
        const path = join(place, "broken.tar");
        writeFileSync(path, round < 6 ? broken : whole.subarray(0, at));
        await expect(importStudy(store, path, elsewhere), `round ${round}, byte ${at}`).rejects.toMatchObject({
          name: "InputError",
        });
        expect(readdirSync(elsewhere)).toEqual([]);
      }
    } finally {
      await store.close();
    }
  });

  test("leaves the models and rows that are there as they are, and brings the others", async () => {
    const place = newFolder();
    const store = await openStore(join(place, "store"));
    const arrived = join(place, "stages");
    const [first] = rows;
    if (!first) throw new Error("no row");
    const mine = { ...first, finishedAt: "2000-01-01T00:00:00.000Z", checkpoint: "mine" };
    try {
      await store.appendRow(mine, "mine");
      mkdirSync(arrived);
      writeFileSync(join(arrived, checkpoint), "mine");
      expect(await importStudy(store, archive, arrived)).toMatchObject({ rows: 2, checkpoints: 0 });
      expect(await store.rowsOf("kept")).toEqual([mine, ...rows.slice(1)]);
      expect(await store.attemptsOf(first.trialId)).toEqual([mine]);
      expect(readFileSync(join(arrived, checkpoint), "utf8")).toBe("mine");
    } finally {
      await store.close();
    }
    expect((await rowsOfKept(await rebuilt(join(place, "store")))).sort()).toEqual(
      [mine, ...rows.slice(1)].map((row) => row.checkpoint).sort(),
    );
  });

  test("is whole although a training goes on and drops its older states meanwhile", async () => {
    const place = newFolder();
    const running = join(place, "stages");
    mkdirSync(running);
    const state = (n: number) => join(running, checkpoint.replace(".", `.at-${String(n).padStart(6, "0")}-00000000.`));
    const store = await openStore(join(folder, "store"));
    let n = 0;
    const rotate = () => {
      writeFileSync(state(n), bytes);
      rmSync(state(n - 2), { force: true });
      n++;
    };
    rotate();
    const timer = setInterval(rotate, 1);
    try {
      for (let round = 0; round < 20; round++) {
        const file = join(place, `${round}.tar`);
        const { checkpoints } = await exportStudy(store, "kept", file, running);
        expect(checkpoints).toBeLessThanOrEqual(3);
        expect(readdirSync(running).filter((name) => name.startsWith("leaving"))).toEqual([]);
      }
    } finally {
      clearInterval(timer);
      await store.close();
    }
  });
});

async function rebuilt(folder: string) {
  await rebuildStore(folder);
  return openStore(folder);
}

async function rowsOfKept(store: Store): Promise<string[]> {
  try {
    return (await store.rowsOf("kept")).map((row) => row.checkpoint);
  } finally {
    await store.close();
  }
}
