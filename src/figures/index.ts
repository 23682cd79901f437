export { type FigureMeta, type FigureSpec, figureSpec } from "./figure-spec.ts";
export { latexTable } from "./latex-table.ts";
export { markdownTable } from "./markdown-table.ts";
export { type MethodStyle, methodStyle, methodStyles } from "./method-style.ts";
export type { Point } from "./point.ts";
export { renderPng, renderSvg } from "./render.ts";
export { rowsCsv } from "./rows-csv.ts";
export { terminalTable } from "./terminal-table.ts";
export { type FigureFormat, type WriteFiguresOptions, writeFigures } from "./write-figures.ts";
