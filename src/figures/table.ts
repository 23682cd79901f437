import type { Estimate } from "../metrics/index.ts";
import { compareFamilies, compareStrengths, familyOf, methodStyle, strengthText } from "./method-style.ts";
import { doubtOf } from "./plot-data.ts";
import type { Point } from "./point.ts";
import { attackText, bySetting, intervalText, noteTexts, pairText, protocolText } from "./settings.ts";

/** A number with its interval, as text: "44.0", "[40.1, 47.9]". Absent numbers are "–", absent intervals empty. */
export interface Cell {
  readonly value: string;
  readonly interval: string;
  /** Half of the interval's longer side, "3.9", where there is room for no more. */
  readonly margin: string;
}

export interface TableLine {
  readonly method: string;
  /** The method's name beside a dot, where there is no room for the other. */
  readonly short: string;
  readonly strength: string;
  readonly seeds: string;
  readonly collapsed: boolean;
  /** In the order of `tableColumns`. */
  readonly cells: readonly Cell[];
}

/** The points of one setting as text, which each format dresses in its own way. */
export interface Table {
  readonly title: string;
  readonly subtitle: string;
  readonly lines: readonly TableLine[];
  /** What a reader must know, as sentences. */
  readonly notes: readonly string[];
}

interface Column {
  readonly title: string;
  readonly short: string;
  readonly of: (point: Point) => Estimate | undefined;
  readonly text: (value: number) => string;
  readonly isLoss?: true;
}

const percent = (value: number) => fixed(100 * value, 1);
const signedPercent = (value: number) =>
  `${percent(value).startsWith("−") || percent(value) === "0.0" ? "" : "+"}${percent(value)}`;
const nats = (value: number) => fixed(value, 3);

export const tableColumns: readonly Column[] = [
  { title: "Robust (%)", short: "robust %", of: (point) => point.robust, text: percent },
  { title: "DT Acc", short: "DT Acc", of: (point) => point.dt, text: signedPercent },
  { title: "Source (%)", short: "source %", of: (point) => point.source.accuracy, text: percent },
  { title: "Target (%)", short: "target %", of: (point) => point.target.accuracy, text: percent },
  { title: "Source loss", short: "src loss", of: (point) => point.source.loss, text: nats, isLoss: true },
  { title: "Target loss", short: "tgt loss", of: (point) => point.target.loss, text: nats, isLoss: true },
];

/** One table for each setting, its lines in the legend's order, weaker settings first. */
export function tablesOf(points: readonly Point[]): Table[] {
  return bySetting(points).map((group) => {
    const ordered = group.toSorted(
      (a, b) => compareFamilies(familyOf(a.methods), familyOf(b.methods)) || compareStrengths(a.methods, b.methods),
    );
    const [first] = ordered;
    return {
      title: first ? pairText(first.trial) : "",
      subtitle: first ? `${attackText(first.trial.attack)} · ${protocolText(ordered)}` : "",
      lines: ordered.map(lineOf),
      notes: [
        `In brackets: ${intervalText(ordered)}.`,
        "DT Acc = target minus source accuracy, less the same of the vanilla model of the same seed; a lower source accuracy raises it.",
        "Robust, source and target accuracy in percent, DT Acc in percentage points; losses: mean cross-entropy in nats.",
        ...healthNotes(ordered),
        ...noteTexts(ordered),
      ],
    };
  });
}

function lineOf(point: Point): TableLine {
  const { label, short } = methodStyle(familyOf(point.methods));
  return {
    method: label,
    short,
    strength: strengthText(point.methods),
    seeds: `${point.seeds.length}`,
    collapsed: point.collapsed > 0,
    cells: tableColumns.map(({ of, text }, column) =>
      column === 0 ? doubted(cellOf(of(point), text), point) : cellOf(of(point), text),
    ),
  };
}

/** Robust accuracy with "?" behind it when suspect, "!" when the health checks failed. */
function doubted(cell: Cell, point: Point): Cell {
  const mark = { suspect: "?", failed: "!", none: "" }[doubtOf(point) ?? "none"];
  return { ...cell, value: `${cell.value}${mark}` };
}

/** What the marks of doubt mean, where there are any, and how many points were examined. */
function healthNotes(points: readonly Point[]): string[] {
  const seen = points.filter(({ health }) => health !== undefined);
  if (seen.length === 0) return [];
  const ok = seen.filter(({ health }) => health === "ok").length;
  const marks = ok < seen.length ? "; ? behind a robust accuracy: suspect, !: failed" : "";
  return [`Health checks of the attack: ok for ${ok} of ${seen.length} settings${marks}.`];
}

function cellOf(estimate: Estimate | undefined, text: (value: number) => string): Cell {
  if (!estimate) return { value: "–", interval: "", margin: "" };
  const { mean, interval } = estimate;
  if (!interval || interval.low === interval.high) return { value: text(mean), interval: "", margin: "" };
  const margin = text(Math.max(interval.high - mean, mean - interval.low)).replace("+", "");
  return { value: text(mean), interval: `[${text(interval.low)}, ${text(interval.high)}]`, margin };
}

/** The note on intervals for formats that show the longer side after ± instead of both ends. */
export const afterSign = (note: string) => note.replace("In brackets:", "After ±, the longer side of:");

/** A fixed number of digits, a true minus sign, and no negative zero. */
function fixed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}
