import { join } from "node:path";
import { compile, type TopLevelSpec } from "vega-lite";
import { describe, expect, test } from "vitest";
import { canWrite } from "../../src/figures/font.ts";
import { figureSpec, renderSvg } from "../../src/figures/index.ts";
import { legendOf, panelOf } from "../../src/figures/plot-data.ts";
import { relativeTransfer } from "../../src/metrics/relative-transfer.ts";
import type { Row } from "../../src/studies/row.ts";
import { crowdedRows, quickstartRows, rowOf, sweep, trialOf } from "./fixture.ts";

const pointsOf = (rows: readonly Row[]) => relativeTransfer(rows);
const specOf = (rows: readonly Row[]) => figureSpec(pointsOf(rows), { study: "test" });

/** Every object within a value, itself included. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const member of Object.values(value)) yield* objectsIn(member);
}

/** The data of all marks that have the given property. */
const dataWith = (rows: readonly Row[], property: string) =>
  [...objectsIn(specOf(rows))].filter((each) => Object.hasOwn(each, property));

describe("the figure", () => {
  test("is the same whatever the order of the rows", async () => {
    const rows = quickstartRows();
    const other = [...rows.slice(7), ...rows.slice(0, 7).toReversed()];
    expect(specOf(other)).toEqual(specOf(rows));
    expect(await renderSvg(specOf(other))).toBe(await renderSvg(specOf(rows)));
  });

  test("tells panels apart whose targets differ in size alone", () => {
    const target = { dataset: "mnist", train: 100, validation: 1000, test: 4000 };
    const rows = [100, 400].map((train) =>
      rowOf(trialOf([], 0, { target: { ...target, train } }), { source: 0.6, robust: 0.3, target: 0.9 }),
    );
    const text = JSON.stringify(specOf(rows));
    for (const train of [100, 400]) expect(text).toContain(`frozen features · ${train} target images · 1 seed`);
  });

  test("puts robust accuracy on x and DT Acc on y, in percent, with vanilla at 0", () => {
    const rows = [
      rowOf(trialOf([], 0), { source: 0.6, robust: 0.3, target: 0.9 }),
      rowOf(trialOf([{ kind: "jr", strength: 0.1 }], 0), { source: 0.5, robust: 0.4, target: 0.85 }),
    ];
    const { dots } = panelOf(pointsOf(rows));
    expect(dots.map(({ family, x, y }) => [family, Number(x.toFixed(9)), Number(y.toFixed(9))])).toEqual([
      ["vanilla", 30, 0],
      ["jr", 40, 5],
    ]);
  });

  test("draws the stronger setting larger, also where the smaller number is the stronger", () => {
    const rows = sweep(
      [
        { kind: "jr", strengths: [1, 0.01, 0.1], source: -0.1, robust: 0.1, target: 0 },
        { kind: "posterize", strengths: [3, 5, 4], source: -0.1, robust: 0.1, target: 0 },
      ],
      [0],
    );
    const bySize = (kind: string) =>
      panelOf(pointsOf(rows))
        .dots.filter(({ family }) => family === kind)
        .toSorted((a, b) => a.size - b.size)
        .map(({ strength }) => strength);
    expect(bySize("jr")).toEqual(["0.01", "0.1", "1"]);
    expect(bySize("posterize")).toEqual(["5", "4", "3"]);
    expect(legendOf(pointsOf(rows)).map(({ strengths }) => strengths)).toEqual([
      [""],
      ["0.01", "0.1", "1"],
      ["5", "4", "3"],
    ]);
  });

  test("draws a collapsed setting hollow, with an x, and names it", () => {
    const rows = quickstartRows();
    const hollow = dataWith(rows, "fill").filter(({ fill }) => JSON.stringify(fill) === '{"value":"#FFFFFF"}');
    expect(hollow).toHaveLength(1);
    expect(JSON.stringify(specOf(rows))).toContain("WD 0.01: the source model collapsed");
    expect(JSON.stringify(specOf(rows))).toContain("collapsed: at chance");
    const healthy = rows.filter(({ source }) => !source.collapsed);
    expect(JSON.stringify(specOf(healthy))).not.toContain("collapsed: at chance");
  });

  test("draws a pair's second colour about its dot, in the legend too", async () => {
    const pair = [
      { kind: "jr", strength: 0.1 },
      { kind: "blur", strength: 3 },
    ];
    const numbers = { source: 0.5, robust: 0.4, target: 0.8 };
    const spec = specOf([rowOf(trialOf([], 0), numbers), rowOf(trialOf(pair, 0), { ...numbers, robust: 0.3 })]);
    // Jacobian regularisation's blue, blur's green and triangle.
    const svg = await renderSvg(spec);
    expect([...svg.matchAll(/<path[^>]* fill="#0072B2" stroke="#009E73" stroke-width="1.8"/g)]).toHaveLength(2);
  });

  test("says of points without vanilla that they are not drawn", () => {
    const rows = quickstartRows().filter(({ trial }) => trial.methods.length > 0);
    expect(panelOf(pointsOf(rows)).dots).toEqual([]);
    expect(
      dataWith(rows, "line")
        .map(({ line }) => line)
        .join(" "),
    ).toContain("Not drawn for want of a vanilla row: 8 of 8 points.");
  });

  test("has one panel for each setting", () => {
    const svhn = { target: { dataset: "svhn", train: null, validation: 500, test: null } };
    const trends = [{ kind: "jr", strengths: [0.1], source: -0.1, robust: 0.1, target: 0 }];
    const rows = [...sweep(trends, [0]), ...sweep(trends, [0], svhn)];
    const titles = dataWith(rows, "subtitle").map(({ text }) => text);
    expect(titles).toEqual(["CIFAR-10 → MNIST, cnn-small", "CIFAR-10 → SVHN, cnn-small"]);
  });

  test("long bars widen the frame by at most 0.4 of the dots' span on each side", () => {
    const rows = quickstartRows();
    const { dots, yDomain, cutBars } = panelOf(pointsOf(rows));
    const ys = dots.map(({ y }) => y);
    const span = Math.max(...ys) - Math.min(...ys);
    const padded = 0.06 * 1.8 * span;
    expect(yDomain[1]).toBeLessThanOrEqual(Math.max(...ys) + 0.4 * span + padded);
    expect(yDomain[0]).toBeGreaterThanOrEqual(Math.min(...ys) - 0.4 * span - padded);
    expect(cutBars).toBeGreaterThan(0);
  });

  test.each([
    ["the quickstart", quickstartRows()],
    ["fifteen methods", crowdedRows()],
    ["one vanilla row", quickstartRows().slice(0, 1)],
    ["no row", []],
  ])("compiles without a warning: %s", async (_, rows) => {
    const warnings: unknown[] = [];
    const logger = { level: () => logger, error: warn, warn, info: warn, debug: () => logger };
    function warn(...messages: readonly unknown[]) {
      warnings.push(...messages);
      return logger;
    }
    compile(specOf(rows) as unknown as TopLevelSpec, { logger: logger as never });
    expect(warnings).toEqual([]);
    expect(await renderSvg(specOf(rows))).toMatch(/^<svg .*<\/svg>$/s);
  });

  test("writes nothing that its font has no glyph for", async () => {
    const svg = await renderSvg(specOf([...quickstartRows(), ...crowdedRows()]));
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map((match) => match[1] ?? "");
    expect(texts.length).toBeGreaterThan(50);
    expect(texts.filter((text) => !canWrite(text))).toEqual([]);
  });

  test("looks as it did", async () => {
    const svg = await renderSvg(specOf(quickstartRows()));
    await expect(svg.replaceAll("><", ">\n<")).toMatchFileSnapshot(join(import.meta.dirname, "quickstart.svg"));
  });
});
