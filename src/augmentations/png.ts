import { InputError } from "../base/index.ts";

/** A colour image: RGB bytes, row-major, [height, width, 3]. */
export interface Raster {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** The raster as a PNG file, losslessly. Throws InputError when the pixels are not as many as its sides say. */
export async function encodePng({ pixels, width, height }: Raster): Promise<Uint8Array> {
  if (pixels.length !== 3 * width * height)
    throw new InputError(
      `encodePng: pixels: expected ${3 * width * height} for ${width} x ${height}, got ${pixels.length}`,
    );
  // The encoder takes four bytes a pixel.
  const rgba = new Uint8Array(4 * width * height).fill(255);
  for (let at = 0; at < width * height; at++) rgba.set(pixels.subarray(3 * at, 3 * at + 3), 4 * at);
  // Loaded when needed: training augments without it.
  const { Transformer } = await import("@napi-rs/image");
  return Transformer.fromRgbaPixels(rgba, width, height).png();
}
