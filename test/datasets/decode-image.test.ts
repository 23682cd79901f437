import { Transformer } from "@napi-rs/image";
import { describe, expect, test } from "vitest";
import { decodeImage } from "../../src/datasets/image-files/decode-image.ts";

const cell = 16;
/** Two rows of three fields of grey, each the size of JPEG's largest block, by their letters. */
const levels = { a: 20, b: 60, c: 100, d: 140, e: 180, f: 220 };
type Letter = keyof typeof levels;
const stored = ["abc", "def"];

function jpegOf(rows: readonly string[]): Uint8Array {
  const [height, width] = [rows.length * cell, (rows[0]?.length ?? 0) * cell];
  const pixels = Uint8Array.from({ length: 4 * height * width }, (_, at) => {
    const [y, x] = [Math.floor(at / 4 / width), Math.floor(at / 4) % width];
    return at % 4 === 3 ? 255 : levels[rows[Math.floor(y / cell)]?.[Math.floor(x / cell)] as Letter];
  });
  return Transformer.fromRgbaPixels(pixels, width, height).jpegSync(95);
}

/** With an Exif segment behind the start marker: a TIFF header and one entry, tag 0x0112 (orientation), one SHORT. */
function turned(jpeg: Uint8Array, orientation: number, order: "II" | "MM"): Uint8Array {
  const short = (value: number) => (order === "II" ? [value, value >> 8] : [value >> 8, value]);
  const long = (value: number) => (order === "II" ? [...short(value), 0, 0] : [0, 0, ...short(value)]);
  const tiff = [...Buffer.from(order), ...short(42), ...long(8)];
  const entry = [...short(0x0112), ...short(3), ...long(1), ...short(orientation), 0, 0];
  const exif = [...Buffer.from("Exif\0\0"), ...tiff, ...short(1), ...entry, ...long(0)];
  const length = exif.length + 2;
  return Uint8Array.from([...jpeg.subarray(0, 2), 0xff, 0xe1, length >> 8, length & 255, ...exif, ...jpeg.subarray(2)]);
}

/** The letter whose grey is nearest to the middle of each field. */
function lettersOf(bytes: Uint8Array): string[] {
  const { pixels, layout } = decodeImage(bytes);
  const nearest = (value: number) =>
    Object.entries(levels).reduce((best, each) =>
      Math.abs(each[1] - value) < Math.abs(best[1] - value) ? each : best,
    );
  return Array.from({ length: layout.height / cell }, (_, row) =>
    Array.from({ length: layout.width / cell }, (_, column) => {
      const at = (row * cell + cell / 2) * layout.row + (column * cell + cell / 2) * layout.pixel;
      return nearest(pixels[at] ?? 0)[0];
    }).join(""),
  );
}

describe.each(["II", "MM"] as const)("an image turned upright by EXIF of byte order %s", (order) => {
  // The standard's words: which sides of the upright image the stored first row and first column are.
  test.each([
    [1, "top, left", ["abc", "def"]],
    [2, "top, right", ["cba", "fed"]],
    [3, "bottom, right", ["fed", "cba"]],
    [4, "bottom, left", ["def", "abc"]],
    [5, "left, top", ["ad", "be", "cf"]],
    [6, "right, top", ["da", "eb", "fc"]],
    [7, "right, bottom", ["fc", "eb", "da"]],
    [8, "left, bottom", ["cf", "be", "ad"]],
  ])("orientation %i: the first row is %s", (orientation, _, upright) => {
    expect(lettersOf(turned(jpegOf(stored), orientation, order))).toEqual(upright);
  });
});

test("an image without EXIF is as it is stored", () => {
  expect(lettersOf(jpegOf(stored))).toEqual(stored);
});
