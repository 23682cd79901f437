import { textWidth } from "./font.ts";
import { type Box, type LabelWish, placeLabels } from "./label-placement.ts";
import { methodStyle } from "./method-style.ts";
import { type Dot, type Panel, ringGain } from "./plot-data.ts";

/** In pixels. */
export interface PanelSize {
  readonly width: number;
  readonly height: number;
}

const labelSize = 9;

/**
 * The layers of labels, each on a white rim: strengths beside the dots, in the method's colour; the strongest setting of a family carries its
 * name too when there is room.
 */
export function panelLabels(panel: Panel, { width, height }: PanelSize): object[] {
  const [left, right] = panel.xDomain;
  const [bottom, top] = panel.yDomain;
  const toX = (x: number) => ((x - left) / (right - left)) * width;
  const toY = (y: number) => ((top - y) / (top - bottom)) * height;
  const dots = panel.dots.toSorted((a, b) => b.size - a.size);
  const wishes: LabelWish[] = dots.map((dot) => ({
    x: toX(dot.x),
    y: toY(dot.y),
    radius: Math.sqrt(((dot.doubt ? ringGain : 1) * dot.size) / Math.PI) + 0.5,
    texts: textsOf(dot, panel).map((text) => ({ text, width: textWidth(text, labelSize), height: labelSize })),
  }));
  const lines = linesOf(panel).flatMap(({ x, x2, y, y2 }) => boxesAlong(toX(x), toY(y), toX(x2), toY(y2)));
  const placed = placeLabels(wishes, lines, { left: 0, top: 0, right: width, bottom: height });
  const values = placed.map(({ text, x, y, wish }) => ({
    text,
    x: left + (x / width) * (right - left),
    y: top - (y / height) * (top - bottom),
    colour: readable(methodStyle(dots[wish]?.family ?? "vanilla").colour),
  }));
  const mark = { type: "text", fontSize: labelSize, align: "center", baseline: "middle" };
  const text = { field: "text" };
  return [
    {
      data: { values },
      mark: { ...mark, stroke: "#FFFFFF", strokeWidth: 2.5, strokeJoin: "round", opacity: 0.85 },
      encoding: { text },
    },
    { data: { values }, mark, encoding: { text, color: { field: "colour", type: "nominal", scale: null } } },
  ];
}

/** The texts that would serve a dot, the best first. */
function textsOf({ family, strength, size }: Dot, { dots }: Panel): string[] {
  const isStrongest = !dots.some((other) => other.family === family && other.size > size);
  const named = `${methodStyle(family).short} ${strength}`.trim();
  return (isStrongest ? [named, strength] : [strength]).filter((text) => text !== "");
}

interface Line {
  readonly x: number;
  readonly x2: number;
  readonly y: number;
  readonly y2: number;
}

/** What a label had better not cross: bars, the dashed lines, and the lines from strength to strength. */
function linesOf({ dots, xDomain, yDomain }: Panel): Line[] {
  const dashed = dots.filter(({ family }) => family === "vanilla").map(({ x }) => lineAt(x, x, ...yDomain));
  return [
    lineAt(...xDomain, 0, 0),
    ...dashed,
    ...dots.flatMap(({ x, y, xInterval, yInterval }) => [
      ...(xInterval ? [lineAt(xInterval.low, xInterval.high, y, y)] : []),
      ...(yInterval ? [lineAt(x, x, yInterval.low, yInterval.high)] : []),
    ]),
    ...dots.flatMap((dot, i) => {
      const next = dots[i + 1];
      return next?.family === dot.family ? [lineAt(dot.x, next.x, dot.y, next.y)] : [];
    }),
  ];
}

const lineAt = (x: number, x2: number, y: number, y2: number): Line => ({ x, x2, y, y2 });

/** A line in pixels as boxes: one when it runs along an axis, a chain of small ones otherwise. */
function boxesAlong(x: number, y: number, x2: number, y2: number): Box[] {
  const pieces = x === x2 || y === y2 ? 1 : Math.ceil(Math.hypot(x2 - x, y2 - y) / 4);
  return Array.from({ length: pieces }, (_, i) => {
    const [from, to] = [i / pieces, (i + 1) / pieces];
    const [xs, ys] = [
      [x + from * (x2 - x), x + to * (x2 - x)],
      [y + from * (y2 - y), y + to * (y2 - y)],
    ];
    return {
      left: Math.min(...xs) - 1,
      right: Math.max(...xs) + 1,
      top: Math.min(...ys) - 1,
      bottom: Math.max(...ys) + 1,
    };
  });
}

/** A colour dark enough to be read on white as small text: its relative luminance brought down to 0.18, contrast 4.5. */
function readable(colour: string): string {
  const channels = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red = 0, green = 0, blue = 0] = channels.map((value) => value ** 2.2);
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const factor = Math.min(1, (0.18 / Math.max(luminance, 1e-6)) ** (1 / 2.2));
  const hex = (value: number) =>
    Math.round(value * factor * 255)
      .toString(16)
      .padStart(2, "0");
  return `#${channels.map(hex).join("")}`;
}
