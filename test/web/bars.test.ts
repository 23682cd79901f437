import { describe, expect, it } from "vitest";
import type { FigurePoint, Quantity } from "../../src/server/api-figure.ts";
import { barsCaption } from "../../src/web/data/bars.ts";
import { settingNames } from "../../src/web/data/settings.ts";

const quantity = (id: string, label: string) => ({ id, label }) as Quantity;
const [dt, tau, robust] = [quantity("dt", "DT Acc"), quantity("tau", "τ"), quantity("robust", "Robust accuracy")];
const interval = { low: 0, high: 1 };
const point = (estimates: FigurePoint["estimates"]) => ({ estimates }) as FigurePoint;
const student = (seeds: number) => ({
  mean: 0,
  interval,
  intervalKind: "student" as const,
  values: Array(seeds).fill(0),
});
const wilson = { mean: 0, interval, intervalKind: "wilson" as const, values: [0, 0] };

describe("the caption on bars", () => {
  it("is one for axes of one kind", () => {
    const points = [point({ dt: student(2), robust: student(2) })];
    expect(barsCaption(points, [dt, robust])).toBe("Bars: 95 % intervals, Student's t over 2 seeds.");
  });

  it("speaks of sampling noise where a quantity has it, and of no other", () => {
    const points = [point({ tau: student(2), robust: wilson }), point({ tau: student(3), robust: student(3) })];
    expect(barsCaption(points, [tau, robust])).toBe(
      "Bars of τ: 95 % intervals, Student's t over 2–3 seeds; of Robust accuracy: 95 % intervals, Student's t over 3 seeds, or the test examples' sampling noise where that is wider.",
    );
  });

  it("names the axis that has them, and is empty without any", () => {
    const points = [point({ tau: { mean: 1, values: [1] }, robust: wilson })];
    expect(barsCaption(points, [tau, robust])).toBe(
      "Bars of Robust accuracy: 95 % intervals of the test examples' sampling noise.",
    );
    expect(barsCaption(points, [tau])).toBe("");
  });
});

describe("settings", () => {
  it("are named by what tells them apart", () => {
    const setting = (protocol: string) => ({ title: "A → B", source: "a", target: "b", attack: "PGD-20", protocol });
    expect(settingNames([setting("100 target images"), setting("400 target images")])).toEqual([
      "100 target images",
      "400 target images",
    ]);
    expect(settingNames([setting("frozen")])).toEqual([""]);
  });
});
