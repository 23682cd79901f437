import { describe, expect, test } from "vitest";
import {
  type AttackName,
  type AttackPlan,
  attackAll,
  attackNames,
  pgd,
  plansFor,
  victimOf,
} from "../../src/attacks/index.ts";
import { searchOf } from "../../src/attacks/plans.ts";
import { float32, InputError, randomStream, type Tensor } from "../../src/base/index.ts";
import { bytesOf, type LabelledImages } from "../../src/datasets/index.ts";
import type { Model, Parameters } from "../../src/models/index.ts";
import { tinyModels } from "../models/tiny.ts";
import { imagesOf } from "./linear-model.ts";
import { distanceOf, linearCase } from "./linear-search.ts";

const settings = { steps: 20, restarts: 1, queries: 200, classes: 3 };

/** Every single attack that a name stands for; the ensemble is made of them. */
const plansOf = (name: AttackName, norm: "l2" | "linf", eps: number): AttackPlan[] =>
  plansFor(name, { ...settings, norm, eps });

const single = attackNames.filter((name) => name !== "standard" && name !== "apgd");
const gradientAttacks = single.filter((name) => name !== "square");

describe("a linear classifier, whose distance to the boundary is known", () => {
  const n = 6;
  const { victim, data } = linearCase(n);
  const standing = async (plan: AttackPlan) =>
    (await attackAll(victim, data, plan, { seed: 1 })).map(({ robust }) => Number(robust));

  test.each(gradientAttacks.flatMap((name) => (["l2", "linf"] as const).map((norm) => [name, norm] as const)))(
    "%s, %s: exactly those nearer than eps fall",
    async (name, norm) => {
      const eps = (distanceOf(3, norm) + distanceOf(4, norm)) / 2;
      for (const plan of plansOf(name, norm, eps)) expect(await standing(plan)).toEqual([0, 0, 0, 1, 1, 1]);
    },
  );

  test.each(["l2", "linf"] as const)(
    "square, %s: none that is farther than eps falls, and those well within do",
    async (norm) => {
      const [plan] = plansOf("square", norm, distanceOf(4, norm) * 0.99);
      const stands = plan ? await standing(plan) : [];
      expect(stands.slice(3)).toEqual([1, 1, 1]);
      expect(stands[0]).toBe(0);
    },
  );

  test("more than the box holds: with eps of the whole range the box is no refuge", async () => {
    for (const norm of ["l2", "linf"] as const)
      for (const plan of plansOf("pgd", norm, norm === "l2" ? Math.sqrt(48) : 1))
        expect(await standing(plan)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("restarts keep the worst case: an example that fell in any restart stays fallen", async () => {
    const weak = {
      kind: "pgd",
      norm: "l2",
      eps: distanceOf(4, "l2"),
      steps: 1,
      stepSize: distanceOf(4, "l2") / 10,
    } as const;
    const once = await standing({ ...weak, restarts: 1 });
    const often = await standing({ ...weak, restarts: 30 });
    expect(once.every((flag, i) => flag >= (often[i] ?? 0))).toBe(true);
    expect(often.reduce((a, b) => a + b)).toBeLessThan(once.reduce((a, b) => a + b));
  });
});

/** Random images under labels of which the models give some by chance, so that there is something to break. */
const data = someImages(23);

function someImages(n: number): LabelledImages {
  const stream = randomStream(17);
  const rows = Array.from({ length: n }, () => Array.from({ length: 3 * 64 }, () => stream.below(256)));
  return imagesOf(
    rows,
    rows.map((_, i) => i % 3),
  );
}

/** Fresh parameters, the head's bias moved so that the logits' means over the images are 0: no class wins them all. */
async function undecided(model: Model): Promise<Parameters<Tensor<"float32">>> {
  const parameters = model.init(3);
  const victim = victimOf(model, parameters, { rows: 23 });
  const logits = await victim.logits(Float32Array.from(bytesOf(data), (value) => value / 255));
  await victim.dispose();
  const meanOf = (k: number) => logits.filter((_, at) => at % 3 === k).reduce((sum, value) => sum + value / 23, 0);
  const bias = [...parameters.g.bias.data].map((value, k) => value - meanOf(k));
  return { f: parameters.f, g: { ...parameters.g, bias: float32([3], bias) } };
}

const cases = await Promise.all(
  tinyModels.map(async ({ model }) => ({ name: model.name, model, parameters: await undecided(model) })),
);

describe.each(cases)("$name", ({ model, parameters }) => {
  const victim = victimOf(model, parameters, { rows: 5 });

  test.each(single.flatMap((name) => (["l2", "linf"] as const).map((norm) => [name, norm] as const)))(
    "%s, %s: every point lies in the ball and the box, none is NaN, and what breaks an example was measured",
    async (name, norm) => {
      const eps = norm === "l2" ? 0.25 : 8 / 255;
      for (const plan of plansOf(name, norm, eps))
        for (const verdict of await attackAll(victim, data, plan, { seed: 1, keepImages: true })) {
          expect(verdict.nonFinite).toBe(0);
          if (plan.kind !== "fab-t") expect([verdict.outside, verdict.farthest > eps + 1e-6]).toEqual([0, false]);
          expect(verdict.robust).toBe(verdict.clean && verdict.adversarial === undefined);
          expect(verdict.worstLoss).toBeGreaterThanOrEqual(verdict.cleanLoss);
          if (verdict.adversarial) {
            const [at] = await attackAll(
              victim,
              { pixels: verdict.adversarial, shape: [1, 3, 8, 8], labels: Int32Array.of(verdict.label) },
              { kind: "fgsm", norm, eps: 0 },
              { seed: 1 },
            );
            expect(at?.clean).toBe(false);
          }
        }
    },
  );

  test.each(single)("%s: eps 0 is the clean accuracy exactly", async (name) => {
    for (const norm of ["l2", "linf"] as const)
      for (const plan of plansOf(name, norm, 0))
        for (const { robust, clean } of await attackAll(victim, data, plan, { seed: 1 })) expect(robust).toBe(clean);
  });

  test.each(single)(
    "%s: an example's verdict depends neither on its batch nor on what was run before it",
    async (name) => {
      const wide = victimOf(model, parameters, { rows: 16 });
      for (const plan of plansOf(name, "l2", 0.3)) {
        const all = await attackAll(victim, data, plan, { seed: 1 });
        const indices = [20, 3, 11, 7];
        const some = await attackAll(wide, data, plan, { seed: 1, indices });
        expect(some.map(({ robust }) => robust)).toEqual(indices.map((i) => all[i]?.robust));
        expect(await attackAll(victim, data, plan, { seed: 1 })).toEqual(all);
      }
      await wide.dispose();
    },
  );

  test.each(["l2", "linf"] as const)(
    "%s: PGD by searches and PGD in one graph agree, example by example",
    async (norm) => {
      let [fell, stood] = [0, 0];
      for (const eps of norm === "l2" ? [0.02, 0.1, 1] : [0.002, 0.01, 0.1]) {
        const config = { norm, eps, steps: 10, stepSize: eps / 4, restarts: 2 };
        const run = pgd(model, parameters, data, config, { seed: 1, batch: 8 });
        let next = await run.next();
        while (!next.done) next = await run.next();
        const verdicts = await attackAll(victim, data, { kind: "pgd", ...config }, { seed: 1 });
        expect(verdicts.map(({ robust }) => Number(robust))).toEqual([...next.value.robustWorst]);
        expect(verdicts.map(({ clean }) => Number(clean))).toEqual([...next.value.clean]);
        fell += verdicts.filter(({ brokenAt }) => brokenAt > 0).length;
        stood += verdicts.filter(({ robust }) => robust).length;
      }
      expect(fell).toBeGreaterThan(0);
      expect(stood).toBeGreaterThan(0);
    },
  );

  test("Square asks for no gradient", async () => {
    const blackBox = { ...victim, gradient: () => Promise.reject(new Error("a gradient was asked for")) };
    for (const plan of plansOf("square", "l2", 0.5))
      await expect(attackAll(blackBox, data, plan, { seed: 1 })).resolves.toHaveLength(23);
  });
});

test("the ensemble is AutoAttack's standard version", () => {
  const kinds = plansFor("standard", { norm: "linf", eps: 0.1, steps: 3, restarts: 7, classes: 10 });
  expect(kinds).toEqual([
    { kind: "apgd-ce", norm: "linf", eps: 0.1, steps: 100, restarts: 1 },
    { kind: "apgd-t", norm: "linf", eps: 0.1, steps: 100, restarts: 1, targets: 9 },
    { kind: "fab-t", norm: "linf", eps: 0.1, steps: 100, restarts: 1, targets: 9 },
    { kind: "square", norm: "linf", eps: 0.1, queries: 5000, restarts: 1 },
  ]);
});

test("what is not said is as documented: steps of eps / 4, 5,000 queries, 9 targets where there are as many classes", () => {
  const ball = { norm: "l2", eps: 0.2 } as const;
  const plan = (name: AttackName, change = {}) =>
    plansFor(name, { ...ball, steps: 3, restarts: 2, classes: 10, ...change })[0];
  expect(plan("pgd")).toEqual({ kind: "pgd", ...ball, steps: 3, stepSize: 0.05, restarts: 2 });
  expect(plan("pgd", { eps: 0 })).toMatchObject({ eps: 0, stepSize: 1 });
  expect(plan("square")).toEqual({ kind: "square", ...ball, queries: 5000, restarts: 2 });
  expect(plan("fab")).toMatchObject({ targets: 9 });
  expect(plan("apgd-t", { classes: 4 })).toMatchObject({ targets: 3 });
  // The targeted DLR loss speaks of the fourth largest logit.
  const image = new Float32Array(3);
  const lossOf = (classes: number) => {
    const example = { index: 0, image, shape: [3, 1, 1], label: 0, logits: new Float32Array(classes) } as const;
    const targeted = plan("apgd-t", { classes });
    return targeted && searchOf(targeted, 1)(example).next().value?.loss;
  };
  expect([2, 3, 4, 10].map(lossOf)).toEqual(["difference", "difference", "targeted-dlr", "targeted-dlr"]);
});

test("mistakes of the user are told before anything runs", () => {
  const { victim, data } = linearCase(2);
  const start = (plan: AttackPlan) => attackAll(victim, data, plan, { seed: 1 });
  const pgdPlan = { kind: "pgd", norm: "l2", eps: 0.1, steps: 1, stepSize: 0.1, restarts: 1 } as const;
  return Promise.all([
    expect(start({ ...pgdPlan, eps: -1 })).rejects.toThrow(InputError),
    expect(start({ ...pgdPlan, steps: 0 })).rejects.toThrow(
      "attack: steps: expected a whole number of at least 1, got 0",
    ),
    expect(start({ ...pgdPlan, stepSize: 0 })).rejects.toThrow("stepSize"),
    expect(start({ kind: "square", norm: "l2", eps: 0.1, queries: 0, restarts: 1 })).rejects.toThrow("queries"),
  ]);
});
