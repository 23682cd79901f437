import type { Point } from "./point.ts";
import { afterSign, type TableLine, tableColumns, tablesOf } from "./table.ts";

const gap = "  ";
const widest = 100;

/**
 * The points for the end of a run: aligned columns, at most 100 characters wide. After ± stands the longer side of the
 * 95 % interval. Order of points: none.
 */
export function terminalTable(points: readonly Point[]): string {
  return tablesOf(points)
    .map(({ title, subtitle, lines, notes }) => {
      const numbers = [["seeds", ...tableColumns.map(({ short }) => short)], ...lines.map(numbersOf)];
      const widths = (numbers[0] ?? []).map((_, column) => Math.max(...numbers.map((cells) => widthOf(cells[column]))));
      const room = widest - widths.reduce((sum, width) => sum + gap.length + width, 0);
      const names = ["method", ...namesOf(lines, room)];
      const nameWidth = Math.max(...names.map(widthOf));
      const text = numbers.map((cells, line) =>
        [(names[line] ?? "").padEnd(nameWidth), ...cells.map((cell, column) => cell.padStart(widths[column] ?? 0))]
          .join(gap)
          .trimEnd(),
      );
      const rule = "─".repeat(Math.max(...text.map(widthOf)));
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

const widthOf = (text: string | undefined): number => text?.length ?? 0;

/** A method's lines have one name: the long one where all of them fit, else the short one. Strengths are never cut. */
function namesOf(lines: readonly TableLine[], room: number): string[] {
  const tooLong = new Set(
    lines.filter((line) => widthOf(nameOf(line, line.method)) > room).map(({ method }) => method),
  );
  return lines.map((line) => {
    const { method, short } = line;
    if (!tooLong.has(method)) return nameOf(line, method);
    const over = widthOf(nameOf(line, short)) - room;
    return nameOf(line, over > 0 ? `${short.slice(0, Math.max(1, short.length - over - 1))}…` : short);
  });
}

const nameOf = ({ strength, collapsed }: TableLine, method: string): string =>
  `${`${method} ${strength}`.trim()}${collapsed ? " ×" : ""}`;

const numbersOf = ({ seeds, cells }: TableLine): string[] => [
  seeds,
  ...cells.map(({ value, margin }, column) =>
    margin && !tableColumns[column]?.isLoss ? `${value} ±${margin}` : value,
  ),
];

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1) ?? ""} ${word}`;
    if (lines.length > 0 && longer.length <= widest) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
