import type { Point } from "./point.ts";
import { type TableLine, tableColumns, tablesOf } from "./table.ts";

/** The points as GitHub Markdown: a table for each setting, numbers with their 95 % intervals. Order of points: none. */
export function markdownTable(points: readonly Point[], study: string): string {
  const header = ["Method", "Strength", "Seeds", ...tableColumns.map(({ title }) => title)];
  const rule = ["---", "--:", "--:", ...tableColumns.map(() => "--:")];
  const tables = tablesOf(points).map(({ title, subtitle, lines, notes }) =>
    [
      `## ${escapeMarkdown(title)}`,
      escapeMarkdown(subtitle),
      [header, rule, ...lines.map(cellsOf)].map((cells) => `| ${cells.join(" | ")} |`).join("\n"),
      notes.map(escapeMarkdown).join("  \n"),
    ].join("\n\n"),
  );
  return `# ${escapeMarkdown(study)}\n\n${tables.join("\n\n")}\n`;
}

function cellsOf({ method, strength, seeds, collapsed, cells }: TableLine): string[] {
  return [
    `${escapeMarkdown(method)}${collapsed ? " ×" : ""}`,
    strength,
    seeds,
    ...cells.map(({ value, interval }) => `${value} ${escapeMarkdown(interval)}`.trim()),
  ];
}

const escapeMarkdown = (text: string) => text.replace(/[\\`*_[\]<>|#]/g, "\\$&");
