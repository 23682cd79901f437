export { type CurveMeta, type CurvePoint, curveSpec } from "./curve-spec.ts";
export { type FigureMeta, type FigureSpec, figureSpec } from "./figure-spec.ts";
export { latexTable } from "./latex-table.ts";
export { markdownTable } from "./markdown-table.ts";
export {
  compareFamilies,
  compareStrengths,
  familyOf,
  type MethodStyle,
  methodStyle,
  methodStyles,
  strengthText,
} from "./method-style.ts";
export { labelOf, type Point } from "./point.ts";
export { renderPng, renderSvg } from "./render.ts";
export { rowsCsv } from "./rows-csv.ts";
export { attackText, noteTexts, pairText, trialProtocolText } from "./settings.ts";
export { type ShotsPoint, shotsSpec } from "./shots-spec.ts";
export { terminalTable } from "./terminal-table.ts";
export { type FigureFormat, figureContents, type WriteFiguresOptions, writeFigures } from "./write-figures.ts";
