import { describe, expect, test } from "vitest";
import { examineVictim } from "../../src/attacks/health/examine-victim.ts";
import {
  type AttackPlan,
  attackAll,
  type Examples,
  examine,
  type Health,
  type HealthOptions,
  imageAt,
  plansFor,
  type Victim,
} from "../../src/attacks/index.ts";
import { imageSize } from "../../src/attacks/victim.ts";
import { fixtures, honest, overconfident, radius } from "./fixtures.ts";

async function attacked(
  { victim, data }: { readonly victim: Victim; readonly data: Examples },
  norm: "l2" | "linf" = "l2",
  options: Partial<HealthOptions> = {},
) {
  const [plan] = plansFor("pgd", { norm, eps: radius[norm], steps: 20, restarts: 1, classes: victim.classes });
  if (!plan) throw new Error("no plan");
  const verdicts = await attackAll(victim, data, plan, { seed: 1 });
  const health = await examined(
    victim,
    data,
    plan,
    (index) => verdicts[index] ?? { clean: false, robust: false },
    options,
  );
  const share = (which: "clean" | "robust") => verdicts.filter((verdict) => verdict[which]).length / verdicts.length;
  return { clean: share("clean"), robust: share("robust"), health };
}

async function examined(
  victim: Victim,
  data: Examples,
  plan: AttackPlan,
  found: Parameters<typeof examine>[3],
  options: Partial<HealthOptions>,
): Promise<Health> {
  const run = examine(victim, data, plan, found, { seed: 1, examples: 100, ...options });
  for (;;) {
    const next = await run.next();
    if (next.done) return next.value;
  }
}

describe.each(["l2", "linf"] as const)("%s", (norm) => {
  test("an honest model is healthy", async () => {
    const { clean, robust, health } = await attacked(honest, norm);
    expect(health).toMatchObject({ verdict: "ok", flags: [], examples: 100 });
    expect(clean).toBe(1);
    expect(robust).toBeGreaterThan(0.2);
    expect(robust).toBeLessThan(0.8);
  });

  test("a model surer than float32 can say is as robust as the same model with smaller logits", async () => {
    const { robust, health } = await attacked(overconfident, norm);
    expect(health.verdict).toBe("ok");
    expect(robust).toBe((await attacked(honest, norm)).robust);
  });

  test.each(fixtures)("$name: $verdict, caught by $caughtBy", async ({ victim, data, verdict, caughtBy }) => {
    const { health } = await attacked({ victim, data }, norm);
    expect(health.verdict).toBe(verdict);
    const wrong = health.checks.filter(({ outcome }) => outcome !== "ok").map(({ check }) => check);
    expect(wrong).toEqual(expect.arrayContaining([...caughtBy]));
    expect(health.flags).toHaveLength(wrong.length);
  });
});

test("a model that hides its gradients falls to those of another seed's model", async () => {
  const [masked] = fixtures;
  if (!masked) throw new Error("no fixture");
  const { health } = await attacked(masked, "l2", { rival: honest.victim });
  expect(health.flags.join()).toMatch(/transfer: \d/);
});

test("a failed check is the verdict, whatever else is suspect", async () => {
  // Logits are fine, so the first look finds nothing; every gradient is NaN, so that PGD stands still and Square beats it.
  const victim: Victim = {
    ...honest.victim,
    gradient: async (loss, images, labels, targets) => {
      const found = await honest.victim.gradient(loss, images, labels, targets);
      return { ...found, gradient: found.gradient.map(() => Number.NaN) };
    },
  };
  const { health } = await attacked({ victim, data: honest.data });
  expect(health.checks.find(({ check }) => check === "finite")?.outcome).toBe("failed");
  expect(health.checks.some(({ outcome }) => outcome === "suspect")).toBe(true);
  expect(health.verdict).toBe("failed");
  expect(health.flags[0]).toMatch(/^finite: /);
});

test.each([0, Number.NaN])("a rival whose gradients are %d is no fault of the victim", async (slope) => {
  const rival: Victim = {
    ...honest.victim,
    gradient: async (loss, images, labels, targets) => {
      const found = await honest.victim.gradient(loss, images, labels, targets);
      return { ...found, gradient: found.gradient.map(() => slope) };
    },
  };
  const { health } = await attacked(honest, "l2", { rival });
  expect(health).toMatchObject({ verdict: "ok", flags: [] });
});

test("an attack that claims too much is told: it stands on examples that twice the steps break", async () => {
  const { victim, data } = honest;
  const weak: AttackPlan = { kind: "pgd", norm: "l2", eps: 0.25, steps: 2, stepSize: 0.01, restarts: 1 };
  const verdicts = await attackAll(victim, data, weak, { seed: 1 });
  const health = await examined(victim, data, weak, (index) => verdicts[index] ?? { clean: false, robust: false }, {});
  expect(health.verdict).toBe("suspect");
  expect(health.flags.join()).toMatch(/square: \d/);
});

test("a clean verdict that does not repeat at eps 0 fails the attack", async () => {
  const { victim, data } = honest;
  const plan: AttackPlan = { kind: "fgsm", norm: "l2", eps: 0.1 };
  const health = await examined(victim, data, plan, () => ({ clean: false, robust: false }), { examples: 12 });
  expect(health).toMatchObject({ verdict: "failed", examples: 12 });
  expect(health.flags[0]).toBe("eps-0: 100.0 % of 12 (at most 0.0 %)");
});

test("it tries 20 steps of eps / 4 where the attack is not PGD: half, whole and double eps, everything, and 40 steps", async () => {
  // No point breaks a constant victim, so every step is taken, each pixel upwards by the step.
  const asked: Float32Array[] = [];
  const constant = Float32Array.of(0, 1, 0);
  const logits = async (images: Float32Array) =>
    Float32Array.from({ length: (3 * images.length) / imageSize(honest.victim) }, (_, i) => constant[i % 3] ?? 0);
  const victim: Victim = {
    ...honest.victim,
    logits,
    gradient: async (_, images) => {
      asked.push(images.slice());
      return { logits: await logits(images), gradient: images.map(() => 1) };
    },
  };
  const data = { ...honest.data, labels: honest.data.labels.map(() => 1) };
  const plan: AttackPlan = { kind: "fgsm", norm: "linf", eps: 0.1 };
  await examined(victim, data, plan, () => ({ clean: true, robust: true }), { examples: 1 });
  const probes = [
    [3, 0],
    [20, 0.0125],
    [20, 0.025],
    [20, 0.05],
    [20, 0.25],
    [40, 0.025],
  ] as const;
  expect(asked).toHaveLength(3 + 4 * 20 + 40);
  let at = 0;
  for (const [steps, length] of probes) {
    const [from = constant, to = constant] = asked.slice(at, at + 2);
    expect(Math.max(...to.map((pixel, i) => pixel - (from[i] ?? 0)))).toBeCloseTo(length, 6);
    at += steps;
  }
});

test("outputs in [0, 1] that do not add up to 1 are no probabilities; those that do, but for rounding, are", async () => {
  const saying = (logits: readonly number[]): Victim => ({
    ...honest.victim,
    logits: async (images) => {
      const rows = images.length / imageSize(honest.victim);
      return Float32Array.from({ length: 3 * rows }, (_, i) => logits[i % 3] ?? 0);
    },
  });
  const outcome = async (logits: readonly number[]) => {
    const checks = await examineVictim(saying(logits), honest.data, Uint32Array.from(Array(20).keys()));
    return checks.find(({ check }) => check === "probabilities")?.outcome;
  };
  expect(await outcome([0.2, 0.3, 0.50001])).toBe("suspect");
  expect(await outcome([0, 0, 1])).toBe("suspect");
  expect(await outcome([0.2, 0.3, 0.501])).toBe("ok");
  expect(await outcome([0.9, 0.9, 0.1])).toBe("ok");
  expect(await outcome([-0.5, 1.5, 0])).toBe("ok");
});

test("what an attack meets outside the ball breaks nothing", async () => {
  const { victim, data } = honest;
  const search = { kind: "fab-t", norm: "l2", eps: 1e-3, steps: 2, restarts: 1, targets: 1 } as const;
  const verdicts = await attackAll(victim, data, search, { seed: 1 });
  // FAB walks out on its way.
  expect(verdicts.filter(({ outside: points }) => points > 0).length).toBeGreaterThan(100);
  expect(verdicts.filter(({ robust }) => robust).length).toBeGreaterThan(100);
});

test("victims are asked for a few images at a time as well as for many", async () => {
  const { victim, data } = honest;
  const image = (i: number) => Float32Array.from(imageAt(data, i), (value) => value);
  const many = await victim.logits(Float32Array.from([...Array(20).keys()].flatMap((i) => [...image(i)])));
  const one = await victim.logits(image(7));
  expect(one).toHaveLength(3);
  for (const [k, value] of one.entries()) expect(value).toBeCloseTo(many[21 + k] ?? 0, 5);
});
