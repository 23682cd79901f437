import { describe, expect, it } from "vitest";
import type { FigurePoint, Quantity } from "../../src/server/api-figure.ts";
import type { Summary } from "../../src/server/api-trial.ts";
import { groupTrials, trialsText } from "../../src/web/data/groups.ts";

const trial = (id: string, seed: number, robust: number) =>
  ({ id, seed, label: "JR 0.1", family: "jr", setting: 0, numbers: { robust } }) as unknown as Summary;
const trials = [trial("a", 0, 0.2), trial("b", 1, 0.4)];
const quantities = [{ id: "robust" } as Quantity];
const interval = { low: 0.1, high: 0.5 };
const point = {
  id: "0:JR 0.1",
  trials: ["a", "b"],
  estimates: { robust: { mean: 0.3, interval, values: [0.2, 0.4] } },
} as unknown as FigurePoint;

describe("groupTrials", () => {
  it("has the figure's own interval where all of a dot's trials are there", () => {
    const [group] = groupTrials(trials, quantities, [point]);
    expect(group?.means.robust).toEqual({ mean: 0.3, interval, n: 2 });
    expect(group?.trials).toHaveLength(2);
  });

  it("says of how many of its trials the means are", () => {
    const unfinished = { ...trial("c", 2, 0), numbers: {} };
    const [whole] = groupTrials(trials, quantities, [point]);
    const [part] = groupTrials([...trials, unfinished], quantities, [point]);
    expect([whole, part].map((group) => group && trialsText(group))).toEqual(["2", "2 of 3"]);
  });

  it("has the mean of what a filter left, with Student's t where there is one", () => {
    expect(groupTrials(trials.slice(1), quantities, [point])[0]?.means.robust).toEqual({
      mean: 0.4,
      interval: undefined,
      n: 1,
    });
    // Two values, 0.1 from their mean: t of 0.975 with one degree is 12.706, the standard error 0.1.
    const [group] = groupTrials(trials, quantities, []);
    expect(group?.means.robust?.interval?.high).toBeCloseTo(0.3 + 12.706204736 * 0.1, 6);
  });
});
