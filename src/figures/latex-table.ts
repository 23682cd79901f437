import type { Point } from "./point.ts";
import { afterSign, type TableLine, tableColumns, tablesOf } from "./table.ts";

/** As many as fit a page of 9 inches below a long caption. */
const mostLines = 45;

/**
 * The points as LaTeX tables (package booktabs), ready for \input: one for each setting, in several floats where its lines do
 * not fit a page. They fit 6.5 inches, for which an interval is its longer side after ±, and losses go without; table.md
 * has both. Order of points: none.
 */
export function latexTable(points: readonly Point[], study: string): string {
  const header = ["Method", "Strength", "Seeds", ...tableColumns.map(({ title }) => title)].map(escapeLatex);
  const tables = tablesOf(points).flatMap(({ title, subtitle, lines, notes }, i, { length }) => {
    const label = `tab:${study.replace(/[^A-Za-z0-9-]+/g, "-")}${length > 1 ? `-${i + 1}` : ""}`;
    const whole = [`${title}.`, `${subtitle}.`, ...notes.map(afterSign)].map(escapeLatex).join(" ");
    return pages(lines).map((some, page) =>
      [
        "\\begin{table*}[t]",
        "\\centering\\footnotesize\\setlength{\\tabcolsep}{3.5pt}",
        // A float that goes on has the first one's number.
        ...(page === 0
          ? [`\\caption{${whole}}`, `\\label{${label}}`]
          : ["\\addtocounter{table}{-1}", `\\caption[]{${escapeLatex(title)} (continued).}`]),
        "\\par\\smallskip",
        `\\begin{tabular}{lrr${"r".repeat(tableColumns.length)}}`,
        "\\toprule",
        `${header.join(" & ")} \\\\`,
        "\\midrule",
        ...some.map((line) => `${cellsOf(line).join(" & ")} \\\\`),
        "\\bottomrule",
        "\\end{tabular}",
        "\\end{table*}",
      ].join("\n"),
    );
  });
  return `% In the preamble: \\usepackage{booktabs}\n${tables.join("\n\n")}\n`;
}

/** Lines in as few parts as fit a page each, all of about one length. */
function pages(lines: readonly TableLine[]): (readonly TableLine[])[] {
  const count = Math.ceil(lines.length / mostLines);
  const each = Math.ceil(lines.length / count);
  return Array.from({ length: count }, (_, page) => lines.slice(page * each, (page + 1) * each));
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
