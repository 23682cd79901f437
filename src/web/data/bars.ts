import type { FigurePoint, Quantity } from "../../server/api-figure.ts";
import { plural } from "./format.ts";

const sampling = "the test examples' sampling noise";

/** What the bars of a quantity are: "95 % intervals, Student's t over 2–3 seeds"; undefined where none has one. */
function barsText(points: readonly FigurePoint[], { id }: Quantity): string | undefined {
  const known = points.flatMap(({ estimates }) => estimates[id] ?? []).filter(({ interval }) => interval);
  if (known.length === 0) return undefined;
  const student = known.filter(({ intervalKind }) => intervalKind === "student");
  if (student.length === 0) return `95 % intervals of ${sampling}`;
  const counts = student.map(({ values }) => values.length);
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  const text = `95 % intervals, Student's t over ${low === high ? plural(low, "seed") : `${low}–${high} seeds`}`;
  return student.length < known.length ? `${text}, or ${sampling} where that is wider` : text;
}

/** A sentence on the bars of a figure's axes, each for itself where they are not of one kind; empty without any. */
export function barsCaption(points: readonly FigurePoint[], axes: readonly Quantity[]): string {
  const texts = new Map(
    axes.flatMap((quantity) => {
      const text = barsText(points, quantity);
      return text === undefined ? [] : [[quantity.label, text] as const];
    }),
  );
  const [first, ...others] = new Set(texts.values());
  if (first === undefined) return "";
  if (others.length === 0 && texts.size === new Set(axes).size) return `Bars: ${first}.`;
  return `Bars of ${[...texts].map(([label, text]) => `${label}: ${text}`).join("; of ")}.`;
}
