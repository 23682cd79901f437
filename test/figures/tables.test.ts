import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { latexTable, markdownTable, methodStyles, rowsCsv, terminalTable } from "../../src/figures/index.ts";
import { escapeLatex } from "../../src/figures/latex-table.ts";
import { relativeTransfer } from "../../src/metrics/relative-transfer.ts";
import type { Method } from "../../src/studies/trial.ts";
import { crowdedRows, quickstartRows, rowOf, trialOf } from "./fixture.ts";

/** The settings of a published study, as its table names them. */
function published(study: string): { label: string; kind: string; strength: string }[] {
  const table = readFileSync(new URL(`../../docs/results/${study}/table.md`, import.meta.url), "utf8");
  const kinds = new Map(Object.entries(methodStyles).map(([kind, { label }]) => [label, kind]));
  return [...table.matchAll(/^\| ([A-Z][^|]*?)(?: ×)? \| ([\d.]+) \|/gm)].map(([, label = "", strength = ""]) => ({
    label,
    kind: kinds.get(label) ?? expect.unreachable(label),
    strength,
  }));
}

/** Every setting's methods, collapsed and with the widest numbers that there are, beside vanilla's. */
const wideRows = (settings: readonly Method[][]) =>
  [0, 1].flatMap((seed) =>
    [[], ...settings].map((methods) =>
      rowOf(trialOf(methods, seed), {
        source: 0.5 + seed / 2,
        robust: 0.1 + 0.9 * seed,
        target: 0.4 + seed / 2,
        collapsed: true,
      }),
    ),
  );

/** RFC 4180, character by character. */
function parseCsv(text: string): string[][] {
  const lines: string[][] = [[]];
  let [field, quoted] = ["", false];
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? "";
    if (quoted) {
      if (letter !== '"') field += letter;
      else if (text[at + 1] === '"') field += text[++at];
      else quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === "," || letter === "\r") {
      lines.at(-1)?.push(field);
      field = "";
      if (letter === "\r" && text[++at] === "\n" && at + 1 < text.length) lines.push([]);
    } else field += letter;
  }
  return lines;
}

describe("rows.csv", () => {
  test("reads back to the very numbers, one line a trial", () => {
    const rows = quickstartRows();
    const [header = [], ...lines] = parseCsv(rowsCsv(rows.toReversed()));
    expect(lines).toHaveLength(rows.length);
    for (const line of lines) {
      expect(line).toHaveLength(header.length);
      const cell = (name: string) => line[header.indexOf(name)] ?? expect.unreachable(name);
      const row = rows.find(({ trialId }) => trialId === cell("trial_id")) ?? expect.unreachable();
      expect(Number(cell("source_loss"))).toBe(row.source.loss.value);
      expect(Number(cell("robust_accuracy"))).toBe(row.robust.accuracy.value);
      expect(Number(cell("robust_accuracy_n"))).toBe(500);
      expect(Number(cell("target_accuracy"))).toBe(row.target.accuracy.value);
      expect(Number(cell("head_gradient_norm"))).toBe(9e-6);
      expect(JSON.parse(cell("trial"))).toEqual(row.trial);
    }
  });

  test("holds each trial's DT Acc, empty without vanilla", () => {
    const jr = [{ kind: "jr", strength: 0.1 }];
    const numbers = { source: 0.5, robust: 0.5, target: 0.75 };
    const rows = [
      rowOf(trialOf([], 1), { source: 0.5, robust: 0.5, target: 0.5 }),
      rowOf(trialOf(jr, 0), numbers),
      rowOf(trialOf(jr, 1), numbers),
    ];
    const [header = [], ...lines] = parseCsv(rowsCsv(rows));
    const column = header.indexOf("dt_accuracy");
    expect(lines.map((line) => line[column])).toEqual(["", "0.25", "0"]);
  });

  test("quotes commas, quotation marks and line ends", () => {
    const trial = trialOf([], 0, { model: 'a "model", with\nall' });
    const [header = [], line = []] = parseCsv(rowsCsv([rowOf(trial, { source: 0.5, robust: 0.5, target: 0.5 })]));
    expect(line[header.indexOf("model")]).toBe('a "model", with\nall');
  });
});

describe("tables of points", () => {
  const points = relativeTransfer(quickstartRows());

  test("are the same whatever the order of the rows", () => {
    const other = relativeTransfer(quickstartRows().toReversed());
    for (const table of [markdownTable, latexTable])
      expect(table(other, "quickstart")).toBe(table(points, "quickstart"));
    expect(terminalTable(other)).toBe(terminalTable(points));
  });

  test("tell n, seeds, intervals, absolute accuracies, losses and the collapse", () => {
    const rows = [
      rowOf(trialOf([], 0), { source: 0.6, robust: 0.3, target: 0.9 }),
      rowOf(trialOf([{ kind: "jr", strength: 0.1 }], 0), { source: 0.5, robust: 0.4, target: 0.8, collapsed: true }),
    ];
    const text = markdownTable(relativeTransfer(rows), "small");
    // Wilson's 95 % intervals of 200/500, 1000/2000 and 3200/4000; DT 0 +- 3.4; -ln 0.5 and -ln 0.8
    expect(text).toContain(
      "| Jacobian reg. × | 0.1 | 1 | 40.0 \\[35.8, 44.4\\] | 0.0 \\[−3.4, +3.4\\] | 50.0 \\[47.8, 52.2\\] | 80.0 \\[78.7, 81.2\\] | 0.693 | 0.223 |",
    );
    expect(text).toContain("1 seed · test examples: 2000 source, 500 attacked, 4000 target");
    expect(text).toContain("JR 0.1: the source model collapsed");
  });

  test("LaTeX's special characters are escaped in text", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is LaTeX, not a template.
    expect(escapeLatex("50 % of a_b & c#d ${e} ~f^g \\h")).toBe(
      "50 \\% of a\\_b \\& c\\#d \\$\\{e\\} \\textasciitilde{}f\\textasciicircum{}g \\textbackslash{}h",
    );
    const named = relativeTransfer([
      rowOf(trialOf([{ kind: "my_50%_method", strength: 1 }], 0), { source: 0.5, robust: 0.5, target: 0.5 }),
    ]);
    const text = latexTable(named, "a_study");
    expect(text).toContain("my\\_50\\%\\_method & 1 & 1 &");
    expect(text).toContain("\\label{tab:a-study}");
    expect(text).not.toMatch(/[^\x20-\x7e\n]/);
    for (const line of text.split("\n").filter((each) => each.includes("&")))
      expect(line.match(/(?<!\\)&/g)).toHaveLength(8);
  });

  test.each(["every-method", "cifar10-svhn-small"])(
    "the terminal's tells the settings of %s apart, by whole strengths",
    (study) => {
      const settings = published(study);
      expect(settings.length).toBeGreaterThan(50);
      const rows = wideRows(settings.map(({ kind, strength }) => [{ kind, strength: Number(strength) }]));
      const text = terminalTable(relativeTransfer(rows)).split("\n");
      const rule = text.findIndex((line) => line.startsWith("───"));
      expect(text[rule]?.length).toBeLessThanOrEqual(100);
      const names = text.slice(rule + 1, text.indexOf("", rule)).map((line) => line.split(/ × +2 /)[0] ?? "");
      expect(new Set(names).size).toBe(settings.length + 1);
      const strengths = names.slice(1).map((name) => name.split(" ").at(-1));
      expect(strengths).toEqual(settings.map(({ strength }) => strength));
    },
  );

  test("the terminal's calls a method by its short name where the long one does not fit, and cuts no strength", () => {
    const pair = [
      { kind: "input-gradient", strength: 0.1 },
      { kind: "perspective", strength: 0.6 },
    ];
    const long = [{ kind: "a-method-of-a-very-long-name", strength: 123456.789 }];
    const text = terminalTable(relativeTransfer(wideRows([pair, long, [{ kind: "jr", strength: 0.1 }]])));
    expect(text).toContain("\nIG + perspective 0.1, 0.6 × ");
    expect(text).toMatch(/^a-method-\S*… 123456\.789 × /m);
    expect(text).toContain("\nJacobian reg. 0.1 × ");
  });

  test("LaTeX's have no more lines than a page holds, and one number for all parts", () => {
    const settings = Array.from({ length: 80 }, (_, i) => [{ kind: "jr", strength: i + 1 }]);
    const text = latexTable(relativeTransfer(wideRows(settings)), "long");
    expect(text).toMatch(/^% In the preamble: \\usepackage\{booktabs\}\n/);
    const parts = text.split("\\begin{table*}").slice(1);
    const lines = parts.map((part) => part.match(/^(Vanilla|Jacobian reg\.).* \\\\$/gm) ?? []);
    expect(lines.map(({ length }) => length)).toEqual([41, 40]);
    expect(lines.flat().map((line) => line.split(" & ")[1])).toEqual(["", ...settings.map((_, i) => `${i + 1}`)]);
    expect(text.match(/\\label/g)).toHaveLength(1);
    expect(parts[1]).toContain("\\addtocounter{table}{-1}\n\\caption[]{");
  });

  test("the terminal's fits 100 columns and is aligned", () => {
    const long = rowOf(
      trialOf(
        [
          { kind: "jr", strength: 0.0001 },
          { kind: "a-method-of-a-very-long-name", strength: 123456.789 },
        ],
        0,
      ),
      { source: 0.5, robust: 0.5, target: 0.5 },
    );
    for (const rows of [quickstartRows(), crowdedRows(), [long]]) {
      const lines = terminalTable(relativeTransfer(rows)).split("\n");
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
      const rule = lines.findIndex((line) => line.startsWith("───"));
      const body = lines.slice(rule + 1, lines.indexOf("", rule));
      expect(new Set(body.map((line) => line.length))).toEqual(new Set([lines[rule]?.length]));
    }
  });
});

test("settings stand in the order of their numbers, however they were run", () => {
  const rows = [1600, 100, 400].map((train) => {
    const trial = trialOf([], 0);
    return rowOf({ ...trial, target: { ...trial.target, train } }, { source: 0.5, robust: 0.3, target: 0.4 });
  });
  const table = markdownTable(relativeTransfer(rows), "sizes");
  expect([...table.matchAll(/(\d+) target images/g)].map(([, n]) => n)).toEqual(["100", "400", "1600"]);
});
