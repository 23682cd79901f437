import type { Raster } from "../augmentations/png.ts";

export interface SheetRow {
  readonly clean: Float32Array;
  readonly adversarial: Float32Array;
}

/** How much the difference is enlarged, about mid-grey. */
const enlarged = 10;

/**
 * Adversarial images for the eye: a row for each example, its clean image, the adversarial one, and their difference times
 * ten about mid-grey. Images are [channels, height, width] with 1 or 3 channels, pixels in [0, 1].
 */
export function attackSheet(
  rows: readonly SheetRow[],
  [channels, height, width]: readonly [number, number, number],
  { zoom = 3, gap = 6 }: { readonly zoom?: number; readonly gap?: number } = {},
): Raster {
  const [across, down] = [width * zoom + gap, height * zoom + gap];
  const sheet = { width: gap + 3 * across, height: gap + down * rows.length };
  const pixels = new Uint8Array(3 * sheet.width * sheet.height).fill(255);
  const draw = (row: number, column: number, value: (at: number) => number) => {
    for (let y = 0; y < height * zoom; y++)
      for (let x = 0; x < width * zoom; x++) {
        const from = Math.floor(y / zoom) * width + Math.floor(x / zoom);
        const to = 3 * ((gap + row * down + y) * sheet.width + gap + column * across + x);
        for (let colour = 0; colour < 3; colour++) {
          const plane = channels === 3 ? colour * height * width : 0;
          pixels[to + colour] = Math.round(255 * Math.min(1, Math.max(0, value(plane + from))));
        }
      }
  };
  for (const [row, { clean, adversarial }] of rows.entries()) {
    draw(row, 0, (at) => clean[at] ?? 0);
    draw(row, 1, (at) => adversarial[at] ?? 0);
    draw(row, 2, (at) => 0.5 + enlarged * ((adversarial[at] ?? 0) - (clean[at] ?? 0)));
  }
  return { pixels, ...sheet };
}
