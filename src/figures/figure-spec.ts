import type { SavedBound } from "../theory/index.ts";
import { boundCaption, boundPanel } from "./bound-panel.ts";
import { fontFamily, textWidth, wrapText } from "./font.ts";
import { rimOf, shapeGain } from "./method-style.ts";
import type { PanelSize } from "./panel-labels.ts";
import { crossShape, dotLook, ink, panelSpec, ringColour, ringDash } from "./panel-spec.ts";
import { legendOf, type Panel } from "./plot-data.ts";
import type { Point } from "./point.ts";
import { bySetting, intervalText, noteTexts } from "./settings.ts";

export interface FigureMeta {
  readonly study: string;
  /** Stands above the figure; none unless given. */
  readonly title?: string;
  /** The theory's bound, where it was computed for these trials; drawn below the figure of a single setting. */
  readonly bound?: SavedBound;
}

/** A Vega-Lite v6 specification: plain JSON. */
export type FigureSpec = Readonly<Record<string, unknown>>;

const captionSize = 10;
const legendLine = 16;

/**
 * The figure of a study as a Vega-Lite v6 spec: robust accuracy on x and DT Acc on y, one panel for each setting (pair,
 * model, attack, ...), a legend and a caption. A pure function of the points; their order has no influence.
 */
export function figureSpec(points: readonly Point[], meta: FigureMeta): FigureSpec {
  const groups = bySetting(points);
  const columns = Math.min(groups.length, groups.length > 4 ? 3 : 2) || 1;
  const size = sizeOf(columns, points.length);
  const panels = groups.map((group) => panelSpec(group, size));
  const bounded =
    meta.bound && groups.length === 1 ? boundPanel(points, meta.bound, { ...size, height: 190 }) : undefined;
  const legend = legendView(points);
  const rows = Array.from({ length: Math.ceil(panels.length / columns) }, (_, row) => ({
    spacing: 34,
    hconcat: panels.slice(row * columns, (row + 1) * columns).map(({ view }) => view),
  }));
  const figure = bounded ? { spacing: 20, vconcat: [...rows, bounded] } : { spacing: 24, vconcat: rows };
  const width = columns * (size.width + 50) + legend.width;
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: `${meta.study}: relative domain transfer accuracy against robust accuracy, one dot for each method and strength.`,
    ...(meta.title ? { title: { text: meta.title, fontSize: 14, anchor: "start", offset: 12 } } : {}),
    spacing: 14,
    vconcat: [
      { spacing: 18, hconcat: [rows.length === 1 && !bounded ? rows[0] : figure, legend.view] },
      captionView(
        caption(
          points,
          panels.map(({ panel }) => panel),
          bounded && meta.bound ? boundCaption(meta.bound) : undefined,
        ),
        width,
      ),
    ],
    config,
  };
}

/** A lone panel is a column and a half of a paper wide; one with many dots gets room for them. */
function sizeOf(columns: number, points: number): PanelSize {
  if (columns > 1) return { width: 310, height: 250 };
  return points > 30 ? { width: 520, height: 420 } : { width: 430, height: 320 };
}

/** What a reader must know to read the figure, as one paragraph. */
function caption(points: readonly Point[], panels: readonly Panel[], bound: string | undefined): string {
  const isCut = panels.some(({ cutBars }) => cutBars > 0);
  const notes = noteTexts(points);
  const missing = panels.flatMap((panel) => panel.missing);
  return [
    "A larger dot is a stronger setting of its method; the number beside it is the strength.",
    `Bars: ${intervalText(points)}${isCut ? "; where one reaches beyond the frame it is cut" : ""}.`,
    "DT Acc = target minus source accuracy, less the same of the vanilla model of the same seed, which sits at 0 (dashed lines).",
    "It rewards a lower source accuracy: read it beside the absolute accuracies in the table.",
    ...(missing.length > 0
      ? [`Not drawn for want of a vanilla row: ${missing.length} of ${points.length} points.`]
      : []),
    ...(bound ? [bound] : []),
    ...notes.slice(0, 3),
    ...(notes.length > 3 ? [`${notes.length - 3} more notes stand below the table.`] : []),
  ].join(" ");
}

function captionView(text: string, width: number): object {
  const lines = wrapText(text, width, captionSize);
  return {
    width,
    height: lines.length * 13,
    view: { stroke: null },
    data: { values: lines.map((line, i) => ({ line, top: i * 13 })) },
    mark: { type: "text", align: "left", baseline: "top", fontSize: captionSize, color: ink.soft },
    encoding: {
      x: { value: 0 },
      y: { field: "top", type: "quantitative", scale: null, axis: null },
      text: { field: "line" },
    },
  };
}

/** Symbols, names and strengths of the families, and what a hollow dot means. */
function legendView(points: readonly Point[]): { width: number; view: object } {
  const entries = legendOf(points).map(({ style, strengths }, row) => ({
    ...style,
    ...rimOf(style),
    strengths: strengthsText(strengths),
    size: 90 * shapeGain(style.shape),
    top: legendLine * (row + 0.5),
  }));
  const hasCollapsed = points.some(({ collapsed }) => collapsed > 0);
  const strengthsAt = 24 + Math.max(0, ...entries.map(({ label }) => textWidth(label, 11))) + 10;
  const width = Math.ceil(strengthsAt + Math.max(0, ...entries.map(({ strengths }) => textWidth(strengths, 10))));
  const doubts = (["suspect", "failed"] as const).filter((doubt) => points.some(({ health }) => health === doubt));
  const rows = entries.length + (hasCollapsed ? 1.5 : 0) + (doubts.length > 0 ? doubts.length + 0.5 : 0);
  const collapsedRows = entries.length + (hasCollapsed ? 1.5 : 0);
  const rings = doubts.map((doubt, i) => ({
    doubt,
    top: legendLine * (collapsedRows + i + 1),
    label: doubt === "suspect" ? "robust accuracy suspect" : "robust accuracy failed its checks",
  }));
  const hollow = {
    top: legendLine * (collapsedRows - 0.5),
    label: "collapsed: at chance",
    colour: "#555555",
    shape: "circle",
    size: 90,
  };
  const at = (x: number) => ({ x: { value: x }, y: { field: "top", type: "quantitative", scale: null, axis: null } });
  const stroke = { field: "colour", type: "nominal", scale: null };
  const shape = { field: "shape", type: "nominal", scale: null };
  const text = (field: string, x: number, mark: object) => ({
    mark: { type: "text", align: "left", baseline: "middle", ...mark },
    encoding: { ...at(x), text: { field } },
  });
  return {
    width,
    view: {
      width,
      height: rows * legendLine,
      view: { stroke: null },
      data: { values: entries },
      layer: [
        {
          mark: { type: "point", opacity: 1 },
          encoding: { ...at(8), ...dotLook(false) },
        },
        text("label", 24, { fontSize: 11, color: ink.text }),
        text("strengths", strengthsAt, { fontSize: 10, color: ink.soft }),
        ...(hasCollapsed
          ? [
              {
                data: { values: [hollow, { ...hollow, shape: crossShape }] },
                mark: { type: "point", size: 90, opacity: 1, strokeWidth: 1.4, fill: null },
                encoding: { ...at(8), shape, stroke },
              },
              { data: { values: [hollow] }, ...text("label", 24, { fontSize: 11, color: ink.text }) },
            ]
          : []),
        ...rings.flatMap(({ doubt, ...ring }) => [
          {
            data: { values: [ring] },
            mark: {
              type: "point",
              shape: "circle",
              size: 120,
              fill: null,
              opacity: 1,
              stroke: ringColour,
              strokeWidth: 1.2,
              strokeDash: ringDash[doubt],
            },
            encoding: at(8),
          },
          { data: { values: [ring] }, ...text("label", 24, { fontSize: 11, color: ink.text }) },
        ]),
      ],
    },
  };
}

/** All strengths, or the ends of many. */
function strengthsText(strengths: readonly string[]): string {
  const all = strengths.join(", ");
  return textWidth(all, 10) <= 110 ? all : `${strengths[0]} … ${strengths.at(-1)}`;
}

const config = {
  background: "#FFFFFF",
  padding: 12,
  // A reader aloud gets the dots, which describe themselves, and neither the lines nor the labels.
  mark: { aria: false },
  font: fontFamily,
  view: { stroke: "#BBBBBB" },
  title: {
    anchor: "start",
    frame: "group",
    fontSize: 13,
    fontWeight: "bold",
    color: ink.text,
    subtitleFontSize: 10,
    subtitleColor: ink.soft,
    subtitlePadding: 4,
    subtitleLineHeight: 13,
    offset: 8,
  },
  axis: {
    labelFontSize: 10,
    titleFontSize: 11,
    titleFontWeight: "normal",
    labelColor: ink.text,
    titleColor: ink.text,
    titlePadding: 8,
    gridColor: ink.grid,
    domainColor: "#888888",
    tickColor: "#888888",
    tickSize: 4,
  },
};
