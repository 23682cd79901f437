import type { Point } from "./point.ts";
import { afterSign, type TableLine, tableColumns, tablesOf } from "./table.ts";

/**
 * The points as LaTeX tables (package booktabs), one for each setting, ready for \input. They fit a page of 6.5 inches, for
 * which an interval is its longer side after ±, and losses go without; table.md has both. Order of points: none.
 */
export function latexTable(points: readonly Point[], study: string): string {
  const header = ["Method", "Strength", "Seeds", ...tableColumns.map(({ title }) => title)].map(escapeLatex);
  const tables = tablesOf(points).map(({ title, subtitle, lines, notes }, i, { length }) =>
    [
      "\\begin{table*}[t]",
      "\\centering\\footnotesize\\setlength{\\tabcolsep}{3.5pt}",
      `\\caption{${[`${title}.`, `${subtitle}.`, ...notes.map(afterSign)].map(escapeLatex).join(" ")}}`,
      `\\label{tab:${study.replace(/[^A-Za-z0-9-]+/g, "-")}${length > 1 ? `-${i + 1}` : ""}}`,
      "\\par\\smallskip",
      `\\begin{tabular}{lrr${"r".repeat(tableColumns.length)}}`,
      "\\toprule",
      `${header.join(" & ")} \\\\`,
      "\\midrule",
      ...lines.map((line) => `${cellsOf(line).join(" & ")} \\\\`),
      "\\bottomrule",
      "\\end{tabular}",
      "\\end{table*}",
    ].join("\n"),
  );
  return `% \\usepackage{booktabs}\n${tables.join("\n\n")}\n`;
}

function cellsOf({ method, strength, seeds, collapsed, cells }: TableLine): string[] {
  return [
    `${escapeLatex(method)}${collapsed ? "~$\\times$" : ""}`,
    escapeLatex(strength),
    seeds,
    ...cells.map(({ value, margin }, column) => {
      const number = /\d/.test(value) ? value.replace("−", "-") : "\\mbox{--}";
      return margin && !tableColumns[column]?.isLoss ? `$${number}{\\scriptstyle\\,\\pm\\,${margin}}$` : `$${number}$`;
    }),
  ];
}

const special: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "→": "$\\to$",
  ℓ: "$\\ell$",
  "∞": "$\\infty$",
  ε: "$\\varepsilon$",
  "×": "$\\times$",
  "±": "$\\pm$",
  "−": "$-$",
  "–": "--",
  "·": "$\\cdot$",
  "…": "\\dots{}",
  "<": "$<$",
  ">": "$>$",
  "|": "$|$",
};

/** Text for LaTeX's text mode: its special characters, and those of ours that its standard fonts lack. */
export function escapeLatex(text: string): string {
  return text
    .replace(/[\\~^→ℓ∞ε×±−–·…<>|&%$#_{}]/gu, (letter) => special[letter] ?? `\\${letter}`)
    .replace(/\$\\ell\$2/g, "$\\ell_2$")
    .replace(/\$\\ell\$\$\\infty\$/g, "$\\ell_\\infty$");
}
