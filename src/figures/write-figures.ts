import { join } from "node:path";
import { digestBytes, InputError, writeWhole } from "../base/index.ts";
import { relativeTransfer } from "../metrics/index.ts";
import type { Row } from "../studies/row.ts";
import type { SavedBound } from "../theory/index.ts";
import { figureSpec } from "./figure-spec.ts";
import { latexTable } from "./latex-table.ts";
import { manifestOf } from "./manifest.ts";
import { markdownTable } from "./markdown-table.ts";
import { renderPng, renderSvg } from "./render.ts";
import { rowsCsv } from "./rows-csv.ts";

/** The name of each format's file, in the order in which they are written. */
const fileNames = {
  svg: "figure.svg",
  png: "figure.png",
  "vl.json": "figure.vl.json",
  csv: "rows.csv",
  md: "table.md",
  tex: "table.tex",
} as const;

export type FigureFormat = keyof typeof fileNames;

const figureFormats = Object.keys(fileNames) as FigureFormat[];

export interface WriteFiguresOptions {
  readonly study: string;
  /** The folder that gets the files, e.g. results/quickstart; made when it is not there. */
  readonly outDir: string;
  readonly formats?: readonly FigureFormat[];
  readonly title?: string;
  /** Drawn into the figure where it was computed. */
  readonly bound?: SavedBound;
  /** Pixels of the PNG to each of the figure's: 3 is about 290 dots per inch at the SVG's own size. */
  readonly pngScale?: number;
  /** What was typed, for the manifest; null there unless given. It lands in papers: without a password. */
  readonly command?: string;
}

/**
 * Writes a study's figure and tables and, last, manifest.json with their digests; returns the paths. Each file is seen
 * whole or not at all. All but the manifest are pure functions of the rows, whatever their order.
 *
 * Throws InputError without rows, and when the disk refuses.
 */
export async function writeFigures(
  rows: readonly Row[],
  { study, outDir, formats = figureFormats, title, bound, pngScale = 3, command }: WriteFiguresOptions,
): Promise<string[]> {
  if (rows.length === 0) throw new InputError(`figures: expected at least one row of study "${study}", got none`);
  const contents = await figureContents(rows, formats, { study, title, bound, pngScale });
  const paths: string[] = [];
  const write = async (name: string, bytes: Uint8Array) => {
    await writeWhole(join(outDir, name), bytes);
    paths.push(join(outDir, name));
  };
  const files: Record<string, string> = {};
  for (const [name, bytes] of contents) {
    await write(name, bytes);
    files[name] = digestBytes(bytes);
  }
  const writtenAt = new Date().toISOString();
  await write("manifest.json", Buffer.from(pretty(manifestOf(rows, { study, command, files, writtenAt }))));
  return paths;
}

/** A study's figure and tables as bytes, by the names of their files: pure functions of the rows, whatever their order. */
export async function figureContents(
  rows: readonly Row[],
  formats: readonly FigureFormat[],
  { study, title, bound, pngScale = 3 }: Pick<WriteFiguresOptions, "study" | "title" | "bound" | "pngScale">,
): Promise<Map<string, Uint8Array>> {
  const points = relativeTransfer(rows);
  const spec = figureSpec(points, { study, title, bound });
  const svg = formats.includes("svg") || formats.includes("png") ? await renderSvg(spec) : "";
  const makers: Record<FigureFormat, () => string | Uint8Array | Promise<Uint8Array>> = {
    svg: () => svg,
    png: () => renderPng(svg, pngScale),
    "vl.json": () => pretty(spec),
    csv: () => rowsCsv(rows),
    md: () => markdownTable(points, study),
    tex: () => latexTable(points, study),
  };
  const contents = new Map<string, Uint8Array>();
  for (const format of figureFormats.filter((each) => formats.includes(each))) {
    const content = await makers[format]();
    contents.set(fileNames[format], typeof content === "string" ? Buffer.from(content) : content);
  }
  return contents;
}

const pretty = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;
