import type { FigureSpec } from "./figure-spec.ts";
import { fontFamily, fontFiles, textWidth } from "./font.ts";

declare module "vega" {
  /** vega-scenegraph's text measuring, which a host without a canvas may replace. */
  const textMetrics: { width: (item: { fontSize?: number; fontWeight?: string | number }, text: string) => number };
}

/** A Vega-Lite spec -> an SVG document. Needs no browser: texts are measured with the figures' own font. */
export async function renderSvg(spec: FigureSpec): Promise<string> {
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  vega.textMetrics.width = ({ fontSize, fontWeight }, text) =>
    textWidth(String(text ?? "").trim(), Number(fontSize ?? 11), isBold(fontWeight) ? "bold" : "normal");
  const logger = vega.logger(vega.None);
  const view = new vega.View(vega.parse(compile(spec as never, { logger }).spec), { renderer: "none", logger });
  try {
    return withStableIds(await view.toSVG());
  } finally {
    view.finalize();
  }
}

/** Vega counts clip paths from the start of the process; here from the start of the document. */
function withStableIds(svg: string): string {
  const ids = new Map<string, string>();
  return svg.replace(/(?<=id="|url\(#)clip\d+/g, (id) => {
    const stable = ids.get(id) ?? `clip${ids.size + 1}`;
    ids.set(id, stable);
    return stable;
  });
}

const isBold = (weight: string | number | undefined) => weight === "bold" || Number(weight) >= 600;

/**
 * An SVG document -> a PNG image, `scale` pixels to each of the SVG's. Only the figures' own font is loaded, so that the
 * image does not depend on the machine's.
 */
export async function renderPng(svg: string, scale = 3): Promise<Uint8Array> {
  const { Resvg } = await import("@resvg/resvg-js");
  const [family] = fontFamily.split(",");
  const options = {
    fitTo: { mode: "zoom" as const, value: scale },
    font: { loadSystemFonts: false, fontFiles: [...fontFiles()], defaultFontFamily: family, sansSerifFamily: family },
  };
  return new Resvg(svg, options).render().asPng();
}
