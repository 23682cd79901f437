import { chartFont, type Palette } from "./palette.ts";

/** A Vega-Lite specification: plain JSON. */
export type Spec = Readonly<Record<string, unknown>>;

/** What all charts share. */
export const chartConfig = ({ background, ink, soft, grid, rule, frame }: Palette) => ({
  background,
  padding: { left: 4, right: 10, top: 8, bottom: 4 },
  font: chartFont,
  view: { stroke: frame },
  axis: {
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: "normal",
    labelColor: soft,
    titleColor: ink,
    titlePadding: 10,
    gridColor: grid,
    domainColor: frame,
    tickColor: rule,
    tickSize: 4,
    labelPadding: 5,
  },
  title: { anchor: "start", fontSize: 13, color: ink, subtitleColor: soft, subtitleFontSize: 11, offset: 12 },
});
