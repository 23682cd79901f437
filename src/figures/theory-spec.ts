import type { FigureSpec } from "./figure-spec.ts";
import { fontFamily } from "./font.ts";
import { compareFamilies, methodStyle, shapeGain } from "./method-style.ts";

/** A model: what its relative transferability loss is, and |inf l_S - inf l_T|, in nats. */
export interface TheoryDot {
  readonly label: string;
  readonly family: string;
  readonly tau: number;
  readonly difference: number;
}

/**
 * tau against |inf l_S - inf l_T| as a Vega-Lite v6 spec, with the line tau = difference below which every model lies
 * where the target is the harder domain, and the bound d, which no model passes.
 */
export function theorySpec(
  dots: readonly TheoryDot[],
  { d, title }: { readonly d: number; readonly title: string },
): FigureSpec {
  const values = dots
    .toSorted((a, b) => compareFamilies(a.family, b.family))
    .map(({ label, family, tau, difference }) => {
      const { colour, shape, second = colour, label: name } = methodStyle(family);
      return { label, name, tau, difference, colour, shape, second, size: 60 * shapeGain(shape) };
    });
  const least = Math.min(0, ...dots.map(({ tau }) => tau));
  const legend = [...new Map(values.map((value) => [value.name, value])).values()];
  const byName = (key: "colour" | "shape" | "second") => ({
    field: "name",
    type: "nominal",
    title: null,
    sort: legend.map(({ name }) => name),
    scale: { domain: legend.map(({ name }) => name), range: legend.map((each) => each[key]) },
  });
  const span = d - least;
  const x = {
    field: "difference",
    type: "quantitative",
    title: "|inf l_S − inf l_T| of the model (nats)",
    scale: { zero: false, nice: false, padding: 12 },
  };
  const y = {
    field: "tau",
    type: "quantitative",
    title: "τ, relative transferability loss (nats)",
    scale: { domain: [least - 0.05 * span, d + 0.08 * span] },
  };
  const from = Math.min(...dots.map(({ difference }) => difference));
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: `${title}: each model's tau lies below d.`,
    title: { text: title, anchor: "start", fontSize: 13 },
    width: 430,
    height: 300,
    layer: [
      {
        data: { values: [{ tau: d }] },
        mark: { type: "rule", color: "#C00000", strokeWidth: 1.4 },
        encoding: { y },
      },
      {
        data: { values: [{ tau: d, difference: from, text: `d ≥ ${d.toFixed(3)}` }] },
        mark: { type: "text", align: "left", dy: -7, color: "#C00000", fontSize: 10 },
        encoding: { x, y, text: { field: "text" } },
      },
      {
        data: { values: [from, d].map((at) => ({ difference: at, tau: at })) },
        mark: { type: "line", color: "#8A8A8A", strokeDash: [4, 3], strokeWidth: 1 },
        encoding: { x, y },
      },
      {
        data: { values },
        mark: { type: "point", filled: true, opacity: 0.9 },
        encoding: {
          x,
          y,
          size: { field: "size", type: "quantitative", scale: null },
          fill: byName("colour"),
          shape: byName("shape"),
          stroke: byName("second"),
          tooltip: [{ field: "label" }, { field: "tau", format: ".3f" }, { field: "difference", format: ".3f" }],
        },
      },
    ],
    config: {
      background: "#FFFFFF",
      padding: 12,
      font: fontFamily,
      view: { stroke: "#BBBBBB" },
      axis: { labelFontSize: 10, titleFontSize: 11, titleFontWeight: "normal", gridColor: "#ECECEC" },
    },
  };
}
