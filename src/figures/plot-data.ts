import type { Interval } from "../base/index.ts";
import type { Estimate } from "../metrics/index.ts";
import { compareFamilies, compareStrengths, familyOf, methodStyle, strengthText } from "./method-style.ts";
import type { Point } from "./point.ts";

/** A point as it is drawn: percent and percentage points, with its look. */
export interface Dot {
  readonly x: number;
  readonly y: number;
  readonly xInterval: Interval | undefined;
  readonly yInterval: Interval | undefined;
  readonly family: string;
  readonly strength: string;
  /** Area of a circle in square pixels; the strongest setting of a family is the largest. */
  readonly size: number;
  readonly collapsed: boolean;
  /** Whether the health checks doubt the robust accuracy, or refuse it. */
  readonly doubt: "suspect" | "failed" | undefined;
  readonly point: Point;
}

/** One pair of axes: the points of one setting. */
export interface Panel {
  readonly dots: readonly Dot[];
  readonly xDomain: readonly [number, number];
  readonly yDomain: readonly [number, number];
  /** Points that have no DT Acc and so no place. */
  readonly missing: readonly Point[];
  /** Bars that are longer than the frame lets them be. */
  readonly cutBars: number;
}

const smallest = 40;
const largest = 190;

/** The points of one setting -> dots and axes. Bars widen the axes by a part of the dots' own span and are cut beyond. */
export function panelOf(points: readonly Point[]): Panel {
  const ordered = points.toSorted(
    (a, b) => compareFamilies(familyOf(a.methods), familyOf(b.methods)) || compareStrengths(a.methods, b.methods),
  );
  const families = Map.groupBy(ordered, ({ methods }) => familyOf(methods));
  const dots = [...families].flatMap(([family, members]) =>
    members.flatMap((point, rank) => dotOf(point, family, sizeOfRank(rank, members.length))),
  );
  const xDomain = domainOf(
    dots.map(({ x }) => x),
    dots.map(({ xInterval }) => xInterval),
    0,
    100,
  );
  const yDomain = domainOf(
    [0, ...dots.map(({ y }) => y)],
    dots.map(({ yInterval }) => yInterval),
    -200,
    200,
  );
  const isCut = (interval: Interval | undefined, [low, high]: readonly [number, number]) =>
    interval !== undefined && (interval.low < low || interval.high > high);
  return {
    dots,
    xDomain,
    yDomain,
    missing: ordered.filter(({ dt }) => dt === undefined),
    cutBars:
      dots.filter(({ xInterval }) => isCut(xInterval, xDomain)).length +
      dots.filter(({ yInterval }) => isCut(yInterval, yDomain)).length,
  };
}

function dotOf(point: Point, family: string, size: number): Dot[] {
  if (!point.dt) return [];
  return [
    {
      x: 100 * point.robust.mean,
      y: 100 * point.dt.mean,
      xInterval: barOf(point.robust),
      yInterval: barOf(point.dt),
      family,
      strength: strengthText(point.methods),
      size,
      collapsed: point.collapsed > 0,
      doubt: doubtOf(point),
      point,
    },
  ];
}

/** How many times a dot's area its ring of doubt encloses. */
export const ringGain = 2.2;

/** "suspect" or "failed"; undefined when the health checks passed, or were not made. */
export const doubtOf = ({ health }: Point): "suspect" | "failed" | undefined => (health === "ok" ? undefined : health);

/** In percent; undefined when there is none, or when it has no length, as vanilla's DT Acc. */
function barOf({ interval }: Estimate): Interval | undefined {
  if (!interval || interval.low === interval.high) return undefined;
  return { low: 100 * interval.low, high: 100 * interval.high };
}

const sizeOfRank = (rank: number, count: number) =>
  count === 1 ? (smallest + largest) / 2 : smallest + ((largest - smallest) * rank) / (count - 1);

function domainOf(
  values: readonly number[],
  intervals: readonly (Interval | undefined)[],
  least: number,
  most: number,
): readonly [number, number] {
  if (values.length === 0) return [0, 100];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = Math.max(high - low, 4);
  const bars = intervals.filter((interval) => interval !== undefined);
  const from = Math.max(least, low - 0.4 * span, Math.min(low, ...bars.map((bar) => bar.low)));
  const to = Math.min(most, high + 0.4 * span, Math.max(high, ...bars.map((bar) => bar.high)));
  const padding = 0.06 * Math.max(to - from, 4);
  return [Math.min(from, low) - padding, Math.max(to, high) + padding];
}

/** The families of a figure in the order of its legend, each with its style and strengths, weaker to stronger. */
export function legendOf(points: readonly Point[]) {
  const families = Map.groupBy(points, ({ methods }) => familyOf(methods));
  return [...families]
    .sort(([a], [b]) => compareFamilies(a, b))
    .map(([family, members]) => ({
      family,
      style: methodStyle(family),
      strengths: [
        ...new Set(
          members
            .toSorted((a, b) => compareStrengths(a.methods, b.methods))
            .map(({ methods }) => strengthText(methods)),
        ),
      ],
    }));
}
