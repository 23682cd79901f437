import { bytesOf, type Images } from "./images.ts";

const side = 32;

/**
 * Serves images as [n, 3, 32, 32]: one grey channel becomes three equal ones, and smaller images stand in the middle of
 * zeros (28 x 28 gets 2 rows and columns on each side). Throws on other channel counts and on larger images.
 */
export function threeBy32(images: Images): Images {
  const { shape } = images;
  const pixels = bytesOf(images);
  const [n, channels, height, width] = shape;
  if ((channels !== 1 && channels !== 3) || height > side || width > side)
    throw new Error(`threeBy32: expected [n, 1 or 3, at most 32, at most 32], got [${shape.join(", ")}]`);
  if (channels === 3 && height === side && width === side) return images;
  const top = (side - height) >> 1;
  const left = (side - width) >> 1;
  const out = new Uint8Array(n * 3 * side * side);
  const plane = side * side;
  for (let i = 0; i < n; i++) {
    for (let channel = 0; channel < channels; channel++) {
      const from = (i * channels + channel) * height * width;
      const to = (i * 3 + channel) * plane + top * side + left;
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) out[to + y * side + x] = pixels[from + y * width + x] as number;
    }
    const first = 3 * i * plane;
    if (channels === 1) {
      out.copyWithin(first + plane, first, first + plane);
      out.copyWithin(first + 2 * plane, first, first + plane);
    }
  }
  return { pixels: out, shape: [n, 3, side, side] };
}
