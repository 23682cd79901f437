import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Arimo (Steve Matteson, SIL Open Font License): as wide as Arial and Helvetica glyph by glyph, so that an SVG keeps
 * its layout on a machine that has one of those instead.
 */
export const fontFamily = "Arimo, Arial, Helvetica, sans-serif";

export const fontFiles = (): readonly [regular: string, bold: string] => [
  fileURLToPath(import.meta.resolve("@expo-google-fonts/arimo/400Regular/Arimo_400Regular.ttf")),
  fileURLToPath(import.meta.resolve("@expo-google-fonts/arimo/700Bold/Arimo_700Bold.ttf")),
];

type Weight = "normal" | "bold";
/** The width of a text of one line in pixels, kerning left out. */
type Measure = (text: string, size: number) => number;

const measures: Partial<Record<Weight, Measure>> = {};

/** The width in pixels of one line of text, `size` in pixels. Kerning is left out, so it is never too narrow by it. */
export function textWidth(text: string, size: number, weight: Weight = "normal"): number {
  measures[weight] ??= advanceWidths(readFileSync(fontFiles()[weight === "bold" ? 1 : 0]));
  return measures[weight](text, size);
}

/** Whether the figures' font has a glyph for each character of the text. */
export function canWrite(text: string): boolean {
  const font = parseFont(readFileSync(fontFiles()[0]));
  return [...text].every((letter) => font.glyphOf(letter.codePointAt(0) ?? 0) !== 0);
}

/** Greedy lines of at most `width` pixels; a word that is wider stands alone. */
export function wrapText(text: string, width: number, size: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length > 0 && textWidth(longer, size) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function advanceWidths(file: Buffer): Measure {
  const font = parseFont(file);
  const known = new Map<number, number>();
  const advanceOf = (letter: string) => {
    const code = letter.codePointAt(0) ?? 0;
    const advance = known.get(code) ?? font.advanceOf(font.glyphOf(code));
    known.set(code, advance);
    return advance;
  };
  return (text, size) => ([...text].reduce((sum, letter) => sum + advanceOf(letter), 0) * size) / font.unitsPerEm;
}

/** The tables of a TrueType file that tell how wide a character is: head, hhea, hmtx and cmap (format 4). */
function parseFont(file: Buffer) {
  const table = (name: string) => {
    for (let at = 12; at < 12 + 16 * file.readUInt16BE(4); at += 16)
      if (file.toString("latin1", at, at + 4) === name) return file.readUInt32BE(at + 8);
    throw new Error(`font: expected a table ${name}, found none`);
  };
  const hmtx = table("hmtx");
  const metrics = file.readUInt16BE(table("hhea") + 34);
  const cmap = unicodeMap(file, table("cmap"));
  const segments = file.readUInt16BE(cmap + 6) / 2;
  const field = (index: number, segment: number) => cmap + 14 + 2 * (index * segments + segment) + (index > 0 ? 2 : 0);
  return {
    unitsPerEm: file.readUInt16BE(table("head") + 18),
    advanceOf: (glyph: number) => file.readUInt16BE(hmtx + 4 * Math.min(glyph, metrics - 1)),
    glyphOf(code: number): number {
      for (let segment = 0; segment < segments; segment++) {
        if (code > file.readUInt16BE(field(0, segment))) continue;
        const start = file.readUInt16BE(field(1, segment));
        if (code < start) return 0;
        const delta = file.readUInt16BE(field(2, segment));
        const rangeAt = field(3, segment);
        const range = file.readUInt16BE(rangeAt);
        if (range === 0) return (code + delta) & 0xffff;
        const glyph = file.readUInt16BE(rangeAt + range + 2 * (code - start));
        return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
      }
      return 0;
    },
  };
}

/** Where the cmap's format 4 subtable for Windows' or Unicode's basic plane begins. */
function unicodeMap(file: Buffer, cmap: number): number {
  for (let i = 0; i < file.readUInt16BE(cmap + 2); i++) {
    const at = cmap + file.readUInt32BE(cmap + 4 + 8 * i + 4);
    if (file.readUInt16BE(at) === 4) return at;
  }
  throw new Error("font: expected a cmap of format 4, found none");
}
