import type { BatchShape } from "./batch.ts";

/**
 * Copies one image moved by whole pixels, out[y, x] = image[y + dy, x + dx], onto `out`, which holds zeros: what moves in
 * from outside stays 0. Both are [channels, height, width].
 */
export function shiftImage(
  image: Float32Array,
  out: Float32Array,
  [, channels, height, width]: BatchShape,
  dy: number,
  dx: number,
): void {
  const firstX = Math.max(0, -dx);
  const lastX = Math.min(width, width - dx);
  if (firstX >= lastX) return;
  for (let channel = 0; channel < channels; channel++) {
    const plane = channel * height * width;
    for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
      const from = plane + (y + dy) * width + dx;
      out.set(image.subarray(from + firstX, from + lastX), plane + y * width + firstX);
    }
  }
}
