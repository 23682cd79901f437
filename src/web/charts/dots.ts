import type { FigurePoint, Quantity } from "../../server/api-figure.ts";
import { readable } from "../data/colour.ts";
import { shown } from "../data/format.ts";
import { lookOf } from "../state/study.ts";
import { familyColour, type Palette } from "./palette.ts";

/** What an axis may show: a quantity, or the strength of a method. */
export type Axis = Quantity | "strength";

/** What the dots show, and in which colours. */
export interface DotAxes {
  readonly x: Axis;
  readonly y: Quantity;
  readonly colours: Palette;
}

/** A dot as Vega gets it. */
export interface Dot {
  readonly id: string;
  readonly label: string;
  readonly family: string;
  readonly rank: number;
  /** The family's, at its strongest dot of a figure that has room for names. */
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly xLow: number | undefined;
  readonly xHigh: number | undefined;
  readonly yLow: number | undefined;
  readonly yHigh: number | undefined;
  readonly colour: string;
  /** The same, dark or light enough to be read. */
  readonly textColour: string;
  readonly shape: string;
  readonly size: number;
  readonly ring: number;
  readonly collapsed: boolean;
  readonly doubt: ReturnType<typeof doubtOf>;
  readonly description: string;
}

const smallest = 60;
const largest = 220;

/** The points that have both quantities. */
export function dotsOf(points: readonly FigurePoint[], { x, y, colours }: DotAxes): Dot[] {
  const hasRoom = new Set(points.map(({ family }) => family)).size <= 9;
  return points.flatMap((point): Dot[] => {
    const across = x === "strength" ? strengthOf(point) : point.estimates[x.id];
    const up = point.estimates[y.id];
    if (!across || !up) return [];
    const xUnit = x === "strength" ? "number" : x.unit;
    const ends = (interval: { low: number; high: number } | undefined, unit: Quantity["unit"]) =>
      interval && interval.low < interval.high ? [shown(interval.low, unit), shown(interval.high, unit)] : [];
    const [xLow, xHigh] = ends(across.interval, xUnit);
    const [yLow, yHigh] = ends(up.interval, y.unit);
    const { shape, short } = lookOf(point.family);
    const size =
      point.ranks === 1 ? (smallest + largest) / 2 : smallest + ((largest - smallest) * point.rank) / (point.ranks - 1);
    const [xShown, yShown] = [shown(across.mean, xUnit), shown(up.mean, y.unit)];
    return [
      {
        id: point.id,
        label: point.label,
        family: point.family,
        rank: point.rank,
        name: hasRoom && point.rank === point.ranks - 1 ? short : "",
        x: xShown,
        y: yShown,
        xLow,
        xHigh,
        yLow,
        yHigh,
        colour: familyColour(point.family, colours),
        textColour: readable(familyColour(point.family, colours), colours.background, 4.5),
        shape,
        size: size * gainOf(shape),
        ring: size * 2.3,
        collapsed: point.collapsed > 0,
        doubt: doubtOf(point),
        description: `${point.label}: ${y.label} ${yShown.toFixed(2)}, ${x === "strength" ? "strength" : x.label} ${xShown.toFixed(2)}`,
      },
    ];
  });
}

/** Whether the attack's health checks doubt a point's robust accuracy, and how much. */
export const doubtOf = ({ health }: FigurePoint): "suspect" | "failed" | "none" =>
  health === "suspect" || health === "failed" ? health : "none";

function strengthOf({ methods: [only, ...others] }: FigurePoint) {
  return only && others.length === 0 ? { mean: only.strength, interval: undefined } : undefined;
}

/** How many times a shape's area must grow to look as large as a circle. */
const gainOf = (shape: string): number =>
  shape === "diamond"
    ? 1.35
    : shape === "square"
      ? 0.9
      : shape.startsWith("triangle")
        ? 1.15
        : shape.startsWith("M")
          ? 1.3
          : 1;

/** The dots' span, widened by their intervals up to a part of it. */
export function domainOf(dots: readonly Dot[], field: "x" | "y", logarithmic: boolean): [number, number] {
  if (dots.length === 0) return [0, 100];
  const values = dots.map((dot) => dot[field]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (logarithmic) return [low / 1.5, high * 1.5];
  const span = Math.max(high - low, Math.abs(high) * 0.02, 1e-3);
  const lows = dots.map((dot) => dot[`${field}Low`] ?? dot[field]);
  const highs = dots.map((dot) => dot[`${field}High`] ?? dot[field]);
  const from = Math.max(low - 0.35 * span, Math.min(...lows));
  const to = Math.min(high + 0.35 * span, Math.max(...highs));
  const padding = 0.07 * (to - from || span);
  return [from - padding, to + padding];
}
