import type { MethodLook } from "../studies/methods/method-kind.ts";
import { methodKinds } from "../studies/methods/registry.ts";
import { hexagon, pentagon, star } from "../studies/methods/shapes.ts";
import type { Method } from "../studies/trial.ts";

/** How a kind of method looks in every figure. */
export interface MethodStyle {
  /** Its name in a legend. */
  readonly label: string;
  /** Its name beside a dot. */
  readonly short: string;
  readonly colour: string;
  /** A Vega symbol, or an SVG path within -1 ... 1. */
  readonly shape: string;
  /** Of a combination: the second part's colour, about the first part's. */
  readonly second?: string;
  /** The smaller number is the stronger setting: fewer bits, a smaller norm. */
  readonly smallerIsStronger?: true;
}

/**
 * A kind keeps its colour and shape in all studies, so that figures can be laid side by side; the registry of methods has
 * them. The hues are Okabe and Ito's (2008), which the colour-blind can tell apart: a hue is a family of methods, within
 * it the shade and the shape differ, and the shape alone already tells the five kinds of the quickstart.
 */
export const methodStyles: Readonly<Record<string, MethodStyle>> = Object.fromEntries(
  Object.entries(methodKinds).map(([kind, { look, stronger }]) => [kind, styleOf(look, stronger)]),
);

function styleOf({ legend, ...look }: MethodLook, stronger: "larger" | "smaller"): MethodStyle {
  return { label: legend, ...look, ...(stronger === "smaller" ? { smallerIsStronger: true } : {}) };
}

/** How many times a shape's area must grow to look as large as a circle. */
export const shapeGain = (shape: string): number =>
  ({ diamond: 1.35, square: 0.9, [star]: 1.5, [pentagon]: 1.1 })[shape] ?? (shape.startsWith("triangle") ? 1.15 : 1);

/** For kinds without an entry: greys told apart by their shapes. */
const spare: readonly Pick<MethodStyle, "colour" | "shape">[] = ["#4D4D4D", "#8C8C8C", "#1F2A44"].flatMap((colour) =>
  [hexagon, "square", star, "triangle-up", "diamond", "triangle-down", "circle"].map((shape) => ({ colour, shape })),
);

/** One name for the methods of a point, whatever their strengths: "jr", "jr + blur", "vanilla". */
export const familyOf = (methods: readonly Method[]): string =>
  methods.map(({ kind }) => kind).join(" + ") || "vanilla";

/**
 * The style of a family. A combination is filled with the colour of its first part, has the second's about it, and the shape
 * of the last: as no two kinds have one colour, no two pairs look alike, nor does one look like a kind.
 */
export function methodStyle(family: string): MethodStyle {
  const parts = family.split(" + ").map(kindStyle);
  const [first, second] = parts;
  const last = parts.at(-1);
  if (!first || !second || !last) return kindStyle(family);
  const { colour } = first;
  const named = (key: "label" | "short") => parts.map((part) => part[key]).join(" + ");
  return { label: named("label"), short: named("short"), colour, shape: last.shape, second: second.colour };
}

/** A kind that is not in the table gets a spare look, chosen by its name alone. */
function kindStyle(kind: string): MethodStyle {
  const known = Object.hasOwn(methodStyles, kind) ? methodStyles[kind] : undefined;
  if (known) return known;
  const sum = [...kind].reduce((hash, letter) => (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) >>> 0, 7);
  return { label: kind, short: kind, ...(spare[sum % spare.length] ?? { colour: "#4D4D4D", shape: hexagon }) };
}

/** What is drawn about a dot: white, so that dots that touch stay apart, or the second colour of a combination. */
export const rimOf = ({ second }: MethodStyle) =>
  second === undefined ? { rim: "#FFFFFF", rimWidth: 0.8 } : { rim: second, rimWidth: 1.8 };

/** Families in the order of a legend: the table's, then the others by name. */
export function compareFamilies(a: string, b: string): number {
  const order = Object.keys(methodStyles);
  const place = (family: string) => (order.includes(family) ? order.indexOf(family) : order.length);
  return place(a) - place(b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Weaker to stronger, within a family: by the first strength that differs. */
export function compareStrengths(a: readonly Method[], b: readonly Method[]): number {
  for (const [i, { kind, strength }] of a.entries()) {
    const difference = strength - (b[i]?.strength ?? strength);
    if (difference !== 0) return methodStyle(kind).smallerIsStronger ? -difference : difference;
  }
  return 0;
}

/** "0.1", or "0.1, 3" for a combination; empty for vanilla. */
export const strengthText = (methods: readonly Method[]): string =>
  methods.map(({ strength }) => `${strength}`).join(", ");
