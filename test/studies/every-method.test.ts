import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/base/index.ts";
import { type DatasetDefinition, datasets, type LabelledImages } from "../../src/datasets/index.ts";
import { digestTree } from "../../src/engine/index.ts";
import { plainCnn } from "../../src/models/index.ts";
import { methodKinds } from "../../src/studies/index.ts";
import { waysOf } from "../../src/studies/training-ways.ts";
import type { Method } from "../../src/studies/trial.ts";
import { type TrainingStep, train } from "../../src/training/index.ts";

const classesOf = (definition: DatasetDefinition) =>
  "list" in definition ? Array.from({ length: definition.classCount }, (_, label) => `${label}`) : definition.classes;

/** Training sees no more of a dataset than its number of classes: one dataset of each number. */
const ofEachSize = [...Map.groupBy(Object.values(datasets), (each) => classesOf(each).length).values()].flatMap(
  ([first]) => (first ? [[first.name, first] as const] : []),
);

/** A stand-in for a dataset as training sees it: its classes, [24, 3, 32, 32], random pixels. */
function tinyDataset(definition: DatasetDefinition): LabelledImages {
  const classes = classesOf(definition);
  const stream = randomStream(1);
  const n = 24;
  return {
    pixels: Uint8Array.from({ length: n * 3 * 32 * 32 }, () => stream.below(256)),
    shape: [n, 3, 32, 32],
    labels: Int32Array.from({ length: n }, (_, i) => (i * 7) % classes.length),
    classes,
  };
}

async function threeSteps(data: LabelledImages, methods: readonly Method[]) {
  const model = plainCnn({ name: "tiny", stages: [[4], [4]], dense: [16], classes: data.classes.length });
  const schedule = { epochs: 1, batch: 8, learningRate: 0.05, momentum: 0.9, weightDecay: 5e-4 };
  const run = train(model, data, { ...schedule, milestones: [], decay: 1 }, { seed: 2, ...waysOf(methods, 2) });
  const steps: TrainingStep[] = [];
  for (;;) {
    const next = await run.next();
    if (next.done) return { steps, digest: digestTree(next.value.parameters) };
    steps.push(next.value);
  }
}

describe.each(ofEachSize)("on %s", async (_, definition) => {
  const data = tinyDataset(definition);
  const vanilla = await threeSteps(data, []);

  test.each(Object.entries(methodKinds).filter(([, { sweep }]) => sweep.length > 0))(
    "%s trains three steps at its strongest setting, to another model than vanilla",
    async (kind, { sweep }) => {
      const { steps, digest } = await threeSteps(data, [{ kind, strength: sweep.at(-1) ?? Number.NaN }]);
      expect(steps).toHaveLength(3);
      for (const { loss, penalty } of steps) expect(Number.isFinite(loss + penalty)).toBe(true);
      expect(digest).not.toBe(vanilla.digest);
    },
  );
});

test("a combination of all that can be had at once trains too", async () => {
  const [definition] = Object.values(datasets);
  if (!definition) throw new Error("no dataset");
  const groups = new Set<string>();
  const methods = Object.entries(methodKinds).flatMap(([kind, entry]) => {
    const { sweep, group = kind }: { readonly sweep: readonly number[]; readonly group?: string } = entry;
    const [strength] = sweep;
    if (strength === undefined || groups.has(group)) return [];
    groups.add(group);
    return [{ kind, strength }];
  });
  expect(methods.length).toBeGreaterThan(12);
  const { steps } = await threeSteps(tinyDataset(definition), methods);
  expect(steps.every(({ loss, penalty }) => Number.isFinite(loss + penalty))).toBe(true);
});
