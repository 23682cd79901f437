import { describe, expect, it } from "vitest";
import type { Quantity } from "../../src/server/api-figure.ts";
import type { Summary } from "../../src/server/api-trial.ts";
import { parseFilter } from "../../src/web/data/filter.ts";

const quantities: Quantity[] = [
  { id: "robust", label: "Robust accuracy", short: "Robust", unit: "percent", sentence: "", formula: "" },
  { id: "dt", label: "DT Acc", short: "DT Acc", unit: "points", sentence: "", formula: "" },
  { id: "tau", label: "tau", short: "tau", unit: "nats", sentence: "", formula: "" },
];
const settings = [{ title: "", source: "cifar10", target: "mnist", attack: "", protocol: "" }];

const trial = (label: string, changes: Partial<Summary> = {}): Summary => {
  const parts = label === "vanilla" ? [] : label.split(" + ").map((part) => part.split(" "));
  const methods = parts.map(([kind = "", strength]) => ({ kind: kind.toLowerCase(), strength: Number(strength) }));
  return {
    id: "0123456789abcdef",
    label,
    methods,
    family: methods.map(({ kind }) => kind).join(" + ") || "vanilla",
    seed: 0,
    setting: 0,
    status: "done",
    numbers: { robust: 0.34, dt: -0.012, tau: 0.5 },
    ...changes,
  };
};

const trials = [
  trial("vanilla", { id: "aaaa" }),
  trial("JR 0.01", { seed: 1 }),
  trial("JR 0.1", { health: "suspect", numbers: { robust: 0.5, dt: 0.02 } }),
  trial("JR-code 10", { status: "failed", failure: "training diverged", numbers: {} }),
  trial("blur 3", { collapsed: true, numbers: { robust: 0.1 } }),
  trial("JR 0.1 + blur 3"),
];
const found = (text: string) => {
  const { test, problem } = parseFilter(text, { quantities, settings });
  expect(problem, text).toBeUndefined();
  return trials.filter(test).map(({ label }) => label);
};

describe("the filter of the runs", () => {
  it.each([
    ["", ["vanilla", "JR 0.01", "JR 0.1", "JR-code 10", "blur 3", "JR 0.1 + blur 3"]],
    ["blur", ["blur 3", "JR 0.1 + blur 3"]],
    ["JR BLUR", ["JR 0.1 + blur 3"]],
    ['"jr 0.1"', ["JR 0.1", "JR 0.1 + blur 3"]],
    ["/^jr 0/", ["JR 0.01", "JR 0.1", "JR 0.1 + blur 3"]],
    ["method:jr", ["JR 0.01", "JR 0.1", "JR 0.1 + blur 3"]],
    ["method:jr strength>0.01", ["JR 0.1", "JR 0.1 + blur 3"]],
    ["method:vanilla", ["vanilla"]],
    ["strength>=3", ["JR-code 10", "blur 3", "JR 0.1 + blur 3"]],
    ["robust>=34", ["vanilla", "JR 0.01", "JR 0.1", "JR 0.1 + blur 3"]],
    ["robust<34", ["blur 3"]],
    ["dt=-1.2", ["vanilla", "JR 0.01", "JR 0.1 + blur 3"]],
    ["tau=0.5 seed:1", ["JR 0.01"]],
    ["seed=1", ["JR 0.01"]],
    ["status:failed", ["JR-code 10"]],
    ["diverged", ["JR-code 10"]],
    ["health:suspect", ["JR 0.1"]],
    ["collapsed", ["blur 3"]],
    ["-method:jr -collapsed", ["vanilla", "JR-code 10"]],
    ["target:mnist id:aaa", ["vanilla"]],
    ["target:svhn", []],
  ])("%s", (text, labels) => expect(found(text)).toEqual(labels));

  it.each([
    ["methd:jr", 'there is no "methd"; try method'],
    ["strenght>1", 'there is no "strenght"; try strength'],
    ["robust>", "robust> wants a number"],
    ["robust>high", "robust> wants a number"],
    ["/(/", "/(/ is no regular expression"],
  ])("%s is told: %s", (text, problem) => {
    const filter = parseFilter(text, { quantities, settings });
    expect(filter.problem).toContain(problem);
    expect(trials.filter(filter.test)).toHaveLength(trials.length);
  });

  it("looks through 5,000 trials in under 100 ms", () => {
    const many = Array.from({ length: 5000 }, (_, i) =>
      trial(i % 2 ? `JR ${i / 1000}` : `blur ${i}`, { id: i.toString(16), seed: i % 3 }),
    );
    for (const text of ["method:jr strength>0.01", "/jr.*1/ seed:0", "robust>30 -blur"]) {
      const began = process.cpuUsage();
      const kept = many.filter(parseFilter(text, { quantities, settings }).test);
      const { user, system } = process.cpuUsage(began);
      expect(kept.length).toBeGreaterThan(0);
      expect((user + system) / 1000, text).toBeLessThan(100);
    }
  });
});
