import { type Loader, logger, None, parse, View } from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile } from "vega-lite";
import type { Spec } from "./spec.ts";

/** Specs hold their data; nothing is ever fetched. */
const noLoader = {
  load: () => Promise.reject(new Error("charts load nothing")),
  sanitize: () => Promise.reject(new Error("charts link nowhere")),
  http: () => Promise.reject(new Error("charts load nothing")),
  file: () => Promise.reject(new Error("charts load nothing")),
} as unknown as Loader;

/**
 * A spec as a Vega view. Expressions are interpreted, not compiled to code, so that the page's security policy can
 * forbid code from strings.
 */
export function viewOf(spec: Spec, renderer: "svg" | "none" = "svg"): View {
  const quiet = logger(None);
  const runtime = parse(compile(spec as never, { logger: quiet }).spec, undefined, { ast: true });
  return new View(runtime, { renderer, expr: expressionInterpreter, loader: noLoader, logger: quiet } as never);
}

export async function svgOf(spec: Spec): Promise<string> {
  const view = viewOf(spec, "none");
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** A spec as PNG, `scale` pixels to each of its own, on its background. */
export async function pngOf(spec: Spec, scale = 3): Promise<Blob> {
  const svg = await svgOf(spec);
  const image = new Image();
  const url = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await new Promise<void>((resolve, reject) => {
    image.onload = () => resolve();
    image.onerror = () => reject(new Error("the figure could not be drawn as an image"));
    image.src = url;
  });
  const canvas = Object.assign(document.createElement("canvas"), {
    width: image.width * scale,
    height: image.height * scale,
  });
  const context = canvas.getContext("2d");
  context?.scale(scale, scale);
  context?.drawImage(image, 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the browser made no image"))), "image/png");
  });
}
