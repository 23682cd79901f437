import { Transformer } from "@napi-rs/image";
import { describe, expect, test } from "vitest";
import { augmentations, contactSheet, encodePng } from "../../src/augmentations/index.ts";
import { InputError } from "../../src/base/index.ts";

/** Two images of 2 x 3, the first red at its upper left, the second grey all over. */
const pixels = new Uint8Array(36).fill(128, 18);
pixels[0] = 255;
const images = { pixels, shape: [2, 3, 2, 3] } as const;

const colourAt = ({ pixels, width }: { pixels: Uint8Array; width: number }, y: number, x: number) => [
  ...pixels.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
];

describe("a contact sheet", () => {
  const sheet = contactSheet("posterize", images, [8, 1], { zoom: 2, gap: 1 });

  test("has a row for each image and a column for the originals and for each strength", () => {
    expect([sheet.width, sheet.height]).toEqual([1 + 3 * 7, 1 + 2 * 5]);
    expect(sheet.pixels.length).toBe(3 * sheet.width * sheet.height);
    expect(sheet.columns).toEqual([
      { strength: undefined, left: 1, width: 6 },
      { strength: 8, left: 8, width: 6 },
      { strength: 1, left: 15, width: 6 },
    ]);
  });

  test("shows each pixel as a square of its colour, white between images", () => {
    for (const [y, x] of [
      [1, 1],
      [2, 2],
      [1, 8],
    ] as const)
      expect(colourAt(sheet, y, x)).toEqual([255, 0, 0]);
    expect(colourAt(sheet, 3, 3)).toEqual([0, 0, 0]);
    expect(colourAt(sheet, 6, 6)).toEqual([128, 128, 128]);
    // One bit of 255 is 128.
    expect(colourAt(sheet, 1, 15)).toEqual([128, 0, 0]);
    for (const [y, x] of [
      [0, 0],
      [5, 3],
      [3, 7],
      [10, 21],
    ] as const)
      expect(colourAt(sheet, y, x)).toEqual([255, 255, 255]);
  });

  test("shows grey images too, and the same draw at every strength", () => {
    const grey = { pixels: Uint8Array.of(0, 0, 200, 0, 0), shape: [1, 1, 1, 5] } as const;
    const { pixels, width } = contactSheet("translation", grey, [0, 0.2, 0.4], { zoom: 1, gap: 0 });
    const row = Array.from({ length: width }, (_, x) => pixels[3 * x] ?? 0);
    const places = [0, 1, 2, 3].map((column) => row.slice(5 * column, 5 * column + 5).indexOf(200) - 2);
    expect(colourAt({ pixels, width }, 0, 2)).toEqual([200, 200, 200]);
    expect(places.slice(0, 2)).toEqual([0, 0]);
    expect(Math.sign(places[2] ?? 0) * Math.sign(places[3] ?? 0)).toBeGreaterThanOrEqual(0);
  });

  test.each(Object.keys(augmentations))("is made for %s", (kind) => {
    const strength = augmentations[kind]?.identity ?? Number.NaN;
    const sheet = contactSheet(kind, images, [strength]);
    expect(sheet.columns.length).toBe(2);
  });

  test("refuses what augment refuses, and images of two channels", () => {
    expect(() => contactSheet("posterize", images, [9])).toThrow(InputError);
    expect(() => contactSheet("posterize", { pixels: new Uint8Array(2), shape: [1, 2, 1, 1] }, [8])).toThrow(
      "contactSheet: images: expected 1 or 3 channels, got 2",
    );
  });

  test("is the same raster after a PNG file", async () => {
    const decoded = await new Transformer(await encodePng(sheet)).rawPixels();
    const rgb = Array.from({ length: sheet.pixels.length }, (_, i) => decoded[Math.floor(i / 3) * 4 + (i % 3)]);
    expect(decoded.length).toBe((4 * sheet.pixels.length) / 3);
    expect(rgb).toEqual([...sheet.pixels]);
    await expect(encodePng({ ...sheet, width: 5 })).rejects.toThrow(
      "encodePng: pixels: expected 165 for 5 x 11, got 726",
    );
  });
});
