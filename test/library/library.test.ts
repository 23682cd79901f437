import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import {
  attack,
  claims,
  defineStudy,
  evaluate,
  expandStudy,
  loadDomain,
  openStore,
  runStudy,
  trainSource,
  transfer,
} from "../../src/index.ts";
import { askFor, openQueue, pauseStudy } from "../../src/queue/index.ts";
import type { Method } from "../../src/studies/trial.ts";
import { newFolder } from "../datasets/samples.ts";
import { tinyDataFolder } from "../studies/tiny-data.ts";

let folders: { dataDirs: string[]; cacheDir: string };
beforeAll(() => {
  folders = { dataDirs: [tinyDataFolder()], cacheDir: newFolder() };
});

describe("the library, stage by stage", () => {
  it("trains, evaluates, attacks and transfers", async () => {
    const source = await loadDomain("cifar10", { ...folders, train: 40, validation: 10, test: 20 });
    const target = await loadDomain("mnist", { ...folders, train: 40, validation: 10, test: 30 });
    let steps = 0;
    const trained = await trainSource(source.train, {
      model: "small-cnn",
      schedule: { epochs: 3, batch: 20, learningRate: 0.05 },
      methods: [{ kind: "jr", strength: 0.01 }],
      onStep: () => steps++,
    });
    expect(steps).toBe(6);
    const { accuracy } = await evaluate(trained, source.test);
    const still = await attack(trained, source.test, { eps: 0, health: 0 });
    expect(still.clean).toEqual(accuracy);
    expect(still.robust).toEqual(accuracy);
    const { clean, robust, health, verdicts } = await attack(trained, source.test, { eps: 0.25, steps: 3, health: 10 });
    expect(clean).toEqual(accuracy);
    expect(robust.value).toBeLessThanOrEqual(clean.value);
    expect(verdicts.filter((verdict) => verdict.robust)).toHaveLength(Math.round(robust.value * 20));
    expect(health?.examples).toBe(10);
    const moved = await transfer(trained, target);
    expect(moved.model.classes).toBe(10);
    expect(moved.parameters.f).toBe(trained.parameters.f);
    expect(moved.test.accuracy.n).toBe(30);
    expect(await evaluate(moved, target.test)).toEqual(moved.test);
  });

  it("takes an attack of one's own, and counts only points within the ball", async () => {
    const { test } = await loadDomain("cifar10", { ...folders, train: 40, validation: 10, test: 20 });
    const trained = await trainSource(test, {
      model: "small-cnn",
      schedule: { epochs: 1, batch: 10, learningRate: 1e-6 },
    });
    const asked: number[] = [];
    const black = attack(trained, test, {
      eps: 0.001,
      health: 0,
      *attack({ image, index }) {
        asked.push(index);
        yield { image: new Float32Array(image.length) };
      },
    });
    const { clean, robust } = await black;
    expect(asked).toHaveLength(Math.round(clean.value * 20));
    expect(robust).toEqual(clean);
  });

  it("refuses what does not fit in one sentence", async () => {
    const { train } = await loadDomain("mnist", { ...folders, train: 40, validation: 10 });
    const schedule = { epochs: 1, learningRate: 0.1, batch: 10 };
    await expect(trainSource(train, { model: "smal-cnn", schedule })).rejects.toThrow('did you mean "small-cnn"?');
    const withMethods = (...methods: Method[]) => trainSource(train, { model: "small-cnn", schedule, methods });
    await expect(withMethods({ kind: "wd", strength: 99 })).rejects.toThrow(
      /^trainSource: strengths.wd: expected .*, got 99$/,
    );
    await expect(withMethods({ kind: "jr", strength: 0.1 }, { kind: "jr-code", strength: 3 })).rejects.toThrow(
      /^trainSource: methods: jr\+jr-code: expected at most one kind of .*, got jr and jr-code$/,
    );
    await expect(
      trainSource(train, { model: "small-cnn", schedule, methods: [{ kind: "jrr", strength: 1 }] }),
    ).rejects.toMatchObject({ name: "InputError", message: expect.stringContaining('did you mean "jr"?') });
    await expect(
      trainSource(train, { model: "small-cnn", schedule: { ...schedule, epochs: 0 } }),
    ).rejects.toMatchObject({ name: "InputError", message: expect.stringContaining("epochs") });
    const { shape } = train;
    const size = shape.reduce((product, side) => product * side);
    const withPixels = (pixels: unknown) =>
      trainSource({ ...train, pixels: pixels as Uint8Array<ArrayBuffer> }, { model: "small-cnn", schedule });
    await expect(withPixels(new Uint8Array(size - 1))).rejects.toThrow(
      `pixels: expected ${size} bytes for shape [${shape.join(", ")}], got ${size - 1}`,
    );
    await expect(withPixels(new Float32Array(size))).rejects.toThrow(
      "pixels: expected a Uint8Array or a reader, got Float32Array",
    );
  });
});

it("runs a study to its rows, goes on where it was, and judges it", async () => {
  const folder = newFolder();
  const options = { ...folders, store: join(folder, "store"), artifacts: join(folder, "work"), workers: 1 };
  const study = {
    name: "tiny",
    pairs: [
      {
        source: { dataset: "cifar10", train: 32, validation: 10, test: 20 },
        target: { dataset: "mnist", train: 40, validation: 10, test: 30 },
      },
    ],
    model: "small-cnn",
    methods: ["blur"],
    strengths: { blur: [3] },
    schedule: { epochs: 6, batch: 16, learningRate: 0.05 },
    attack: { steps: 2, examples: 10, health: false as const, target: 0 },
    seeds: 2,
  };
  const kinds: string[] = [];
  const rows = await runStudy(study, { ...options, onEvent: ({ kind }) => kinds.push(kind) });
  expect(rows).toHaveLength(4);
  expect(kinds.filter((kind) => kind === "finished")).toHaveLength(4);
  expect(existsSync(join(folder, "work", "stages"))).toBe(true);
  const again: string[] = [];
  expect(await runStudy(study, { ...options, onEvent: ({ kind }) => again.push(kind) })).toEqual(rows);
  expect(again).toEqual([]);
  // A pause ends with the next run, and trials that the study no longer has are not waited for.
  const store = await openStore(options.store);
  await store.saveStudy({ name: "tiny", definition: null, trials: expandStudy(defineStudy({ ...study, seeds: [5] })) });
  const queue = await openQueue(store.database, { shared: false });
  await askFor(queue, "tiny");
  await pauseStudy(store.database, "tiny");
  await queue.close();
  await store.close();
  expect(await runStudy(study, { ...options, onEvent: ({ kind }) => again.push(kind) })).toEqual(rows);
  expect(again).toEqual([]);
  // Whether such models learn is not the point: a family of collapsed ones is refused by name.
  if (rows.every(({ source }) => source.collapsed)) expect(() => claims(rows)).toThrow("vanilla");
  else expect(claims(rows.filter(({ source }) => !source.collapsed)).verdicts.length).toBeGreaterThan(0);
}, 120_000);
