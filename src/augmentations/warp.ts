import { type BatchShape, eachImage } from "./batch.ts";
import type { Homography } from "./homography.ts";

/** How an image is read between its pixels: the pixel whose centre is nearest, or the weighted mean of four. */
export const interpolations = ["nearest", "bilinear"] as const;
export type Interpolation = (typeof interpolations)[number];

/**
 * Reads every image of a batch through a map of its own: out[y, x] = image at map(x + 0.5, y + 0.5).
 *
 * What lies outside the image is 0, as torchvision fills on tensors. Bilinear pixels at the border, of whose four
 * neighbours a share m by weight lies inside, are torchvision's too: it lets the outer neighbours count as 0 and then
 * multiplies by m once more. Places are computed in float64 (torchvision: float32), so where a place falls half-way
 * between two pixels, to within float32, the nearest may be the other one.
 */
export function warp(
  images: Float32Array,
  shape: BatchShape,
  maps: readonly Homography[],
  interpolation: Interpolation,
): Float32Array {
  const [, , height, width] = shape;
  const places = new Float64Array(2 * height * width);
  const read = interpolation === "nearest" ? readNearest : readBilinear;
  return eachImage(images, shape, (image, out, i) => {
    findPlaces(maps[i] as Homography, height, width, places);
    read(image, out, shape, places);
  });
}

/** Fills `places`, [height, width, 2], with where each pixel is read: x and y as pixel indices, not whole numbers. */
function findPlaces([a, b, c, d, e, f, g, h]: Homography, height: number, width: number, places: Float64Array): void {
  let at = 0;
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const [x, y] = [column + 0.5, row + 0.5];
      const denominator = g * x + h * y + 1;
      places[at++] = (a * x + b * y + c) / denominator - 0.5;
      places[at++] = (d * x + e * y + f) / denominator - 0.5;
    }
}

function readNearest(
  image: Float32Array,
  out: Float32Array,
  [, channels, height, width]: BatchShape,
  places: Float64Array,
): void {
  const plane = height * width;
  for (let pixel = 0; pixel < plane; pixel++) {
    const x = Math.round(places[2 * pixel] as number);
    const y = Math.round(places[2 * pixel + 1] as number);
    if (!(x >= 0 && x < width && y >= 0 && y < height)) continue;
    let from = y * width + x;
    for (let to = pixel; to < channels * plane; to += plane, from += plane) out[to] = image[from] as number;
  }
}

function readBilinear(
  image: Float32Array,
  out: Float32Array,
  [, channels, height, width]: BatchShape,
  places: Float64Array,
): void {
  const plane = height * width;
  for (let pixel = 0; pixel < plane; pixel++) {
    const x = places[2 * pixel] as number;
    const y = places[2 * pixel + 1] as number;
    if (!(x > -1 && x < width && y > -1 && y < height)) continue;
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [right, bottom] = [x - left, y - top];
    // Weights of the left and the right column, the upper and the lower row; 0 outside the image.
    const w0 = left >= 0 ? 1 - right : 0;
    const w1 = left + 1 < width ? right : 0;
    const v0 = top >= 0 ? 1 - bottom : 0;
    const v1 = top + 1 < height ? bottom : 0;
    const inside = (w0 + w1) * (v0 + v1);
    const upper = Math.max(top, 0) * width;
    const lower = Math.min(top + 1, height - 1) * width;
    const [x0, x1] = [Math.max(left, 0), Math.min(left + 1, width - 1)];
    for (let channel = 0; channel < channels * plane; channel += plane) {
      const above = w0 * (image[channel + upper + x0] as number) + w1 * (image[channel + upper + x1] as number);
      const below = w0 * (image[channel + lower + x0] as number) + w1 * (image[channel + lower + x1] as number);
      out[channel + pixel] = (v0 * above + v1 * below) * inside;
    }
  }
}
