import { expect, test } from "vitest";
import { figureSpec, markdownTable, rowsCsv } from "../../src/figures/index.ts";
import { panelOf } from "../../src/figures/plot-data.ts";
import { relativeTransfer } from "../../src/metrics/relative-transfer.ts";
import type { Row } from "../../src/studies/row.ts";
import { quickstartRows } from "./fixture.ts";

type Verdict = "ok" | "suspect" | "failed";

/** The quickstart's rows with a health verdict each, "ok" unless the method's kind is named. */
function examined(doubts: Readonly<Record<string, Verdict>>): Row[] {
  return quickstartRows().map((row) => {
    const verdict = doubts[row.trial.methods[0]?.kind ?? "vanilla"] ?? "ok";
    const flags = verdict === "ok" ? [] : ["square: 4.0 % of 100 (at most 0.2 %)"];
    return { ...row, robust: { ...row.robust, health: { verdict, flags, checks: [], examples: 100 } } };
  });
}

const specText = (rows: readonly Row[]) => JSON.stringify(figureSpec(relativeTransfer(rows), { study: "test" }));

test("a dot whose robust accuracy is doubted wears a ring, dashed when suspect and whole when the checks failed", () => {
  const rows = examined({ jr: "suspect", blur: "failed" });
  const doubted = panelOf(relativeTransfer(rows)).dots.filter(({ doubt }) => doubt);
  expect(new Set(doubted.map(({ family, doubt }) => `${family} ${doubt}`))).toEqual(
    new Set(["jr suspect", "blur failed"]),
  );
  expect(specText(rows)).toContain('"strokeDash":[2,2]');
  expect(specText(rows)).toContain("robust accuracy suspect");
  expect(specText(rows)).toContain("robust accuracy failed its checks");
});

test("healthy rows, and rows that were not examined, look as ever", () => {
  expect(specText(examined({}))).not.toMatch(/suspect|failed/);
  expect(specText(quickstartRows())).not.toMatch(/suspect|failed/);
});

test("the worst seed speaks for its setting, and the note says which seed and why", () => {
  const rows = examined({}).map((row): Row => {
    const health = { verdict: "suspect", flags: ["square: 4.0 % of 100 (at most 0.2 %)"], checks: [], examples: 100 };
    const isOne = row.trial.seed === 1 && row.trial.methods.length === 0;
    return isOne ? { ...row, robust: { ...row.robust, health: { ...health, verdict: "suspect" } } } : row;
  });
  const [vanilla] = relativeTransfer(rows);
  expect(vanilla?.health).toBe("suspect");
  expect(vanilla?.notes).toContain("the robust accuracy is suspect at seed 1 (square: 4.0 % of 100 (at most 0.2 %))");
});

test("the table marks the number and counts the settings that passed", () => {
  const table = markdownTable(relativeTransfer(examined({ jr: "suspect", blur: "failed" })), "test");
  expect(table).toMatch(/\| Jacobian reg\. \| 0\.01 \| \d \| [\d.]+\? /);
  expect(table).toMatch(/\| Gaussian blur \| 3 \| \d \| [\d.]+! /);
  expect(table).toMatch(/Health checks of the attack: ok for \d+ of \d+ settings; \? behind/);
});

test("the CSV has a column for the verdict, empty for rows that were not examined", () => {
  const column = (rows: readonly Row[]) => {
    const [header = "", first = ""] = rowsCsv(rows).split("\r\n");
    return first.split(",")[header.split(",").indexOf("robust_health")];
  };
  expect(column(examined({}))).toBe("ok");
  expect(column(quickstartRows())).toBe("");
});
