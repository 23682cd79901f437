import type { Point } from "./point.ts";
import { afterSign, type TableLine, tableColumns, tablesOf } from "./table.ts";

const gap = "  ";
const longestName = 24;

/**
 * The points for the end of a run: aligned columns, at most 100 characters wide. After ± stands the longer side of the
 * 95 % interval. Order of points: none.
 */
export function terminalTable(points: readonly Point[]): string {
  return tablesOf(points)
    .map(({ title, subtitle, lines, notes }) => {
      const header = ["method", "seeds", ...tableColumns.map(({ short }) => short)];
      const grid = [header, ...lines.map(cellsOf)];
      const widths = header.map((_, column) => Math.max(...grid.map((cells) => cells[column]?.length ?? 0)));
      const text = grid.map((cells) =>
        cells
          .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
          .join(gap)
          .trimEnd(),
      );
      const rule = "─".repeat(Math.max(...text.map(({ length }) => length)));
      return [
        title,
        ...wrap(subtitle),
        "",
        text[0],
        rule,
        ...text.slice(1),
        "",
        ...notes.map(afterSign).flatMap(wrap),
      ].join("\n");
    })
    .join("\n\n");
}

function cellsOf({ method, strength, seeds, collapsed, cells }: TableLine): string[] {
  const mark = collapsed ? " ×" : "";
  const name = `${method} ${strength}`.trim();
  const room = longestName - mark.length;
  return [
    `${name.length > room ? `${name.slice(0, room - 1)}…` : name}${mark}`,
    seeds,
    ...cells.map(({ value, margin }, column) =>
      margin && !tableColumns[column]?.isLoss ? `${value} ±${margin}` : value,
    ),
  ];
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1) ?? ""} ${word}`;
    if (lines.length > 0 && longer.length <= 100) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
