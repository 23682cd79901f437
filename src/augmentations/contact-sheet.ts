import { InputError, randomStream, seedFor } from "../base/index.ts";
import { type Images, toFloat } from "../datasets/index.ts";
import { augment } from "./augment.ts";
import type { GivenOptions } from "./augmentation.ts";
import type { Raster } from "./png.ts";

/** A raster with a row for each image and a column for each strength. */
export interface ContactSheet extends Raster {
  /** From left to right: the images as they are, then under each strength. Labels are left to whoever shows it. */
  readonly columns: readonly SheetColumn[];
}

interface SheetColumn {
  /** undefined for the images as they are. */
  readonly strength: number | undefined;
  /** Where the column begins and how wide it is, in the sheet's pixels. */
  readonly left: number;
  readonly width: number;
}

export interface ContactSheetOptions {
  readonly seed?: number;
  /** The method's own; every image is changed when no probability is given. */
  readonly options?: GivenOptions;
  /** How many of the sheet's pixels a side of an image's pixel takes. */
  readonly zoom?: number;
  /** White pixels around each image. */
  readonly gap?: number;
}

/**
 * Shows images under an augmentation at each of these strengths.
 *
 * All strengths draw the same numbers, so that a row shows one change that grows: the same rotation further, the same
 * noise louder. An image given twice shows two draws. Images are [n, channels, height, width] with 1 or 3 channels.
 * Throws InputError as `augment` does.
 */
export function contactSheet(
  kind: string,
  images: Images,
  strengths: readonly number[],
  { seed = 0, options, zoom = 3, gap = 6 }: ContactSheetOptions = {},
): ContactSheet {
  const [n, channels, height, width] = images.shape;
  if (channels !== 1 && channels !== 3)
    throw new InputError(`contactSheet: images: expected 1 or 3 channels, got ${channels}`);
  const originals = toFloat(
    images,
    Array.from({ length: n }, (_, i) => i),
  );
  const draw = () => randomStream(seedFor(seed, "contact sheet", kind));
  const changed = strengths.map((strength) =>
    augment(kind, originals, images.shape, strength, draw(), { probability: 1, ...options }),
  );
  const [across, down] = [width * zoom + gap, height * zoom + gap];
  const sheet = { width: gap + across * (1 + strengths.length), height: gap + down * n };
  const pixels = new Uint8Array(3 * sheet.width * sheet.height).fill(255);
  [originals, ...changed].forEach((batch, column) => {
    for (let y = 0; y < n * height * zoom; y++)
      for (let x = 0; x < width * zoom; x++) {
        const row = Math.floor(y / zoom);
        const from =
          Math.floor(row / height) * channels * height * width + (row % height) * width + Math.floor(x / zoom);
        const top = gap + Math.floor(row / height) * down + (y % (height * zoom));
        const to = 3 * (top * sheet.width + gap + column * across + x);
        for (let colour = 0; colour < 3; colour++)
          pixels[to + colour] = Math.round(255 * (batch[from + (channels === 3 ? colour * height * width : 0)] ?? 0));
      }
  });
  const columns = [undefined, ...strengths].map((strength, column) => {
    return { strength, left: gap + column * across, width: width * zoom };
  });
  return { ...sheet, pixels, columns };
}
