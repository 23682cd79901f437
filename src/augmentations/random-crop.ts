import type { RandomStream } from "../base/index.ts";
import { type BatchShape, checkBatch } from "./batch.ts";

/**
 * Moves each image by a whole number of pixels, up to `padding` in each direction, each offset equally likely; what moves
 * in is 0. The same as torchvision's RandomCrop(size, padding=padding) at the image's own size. Draws two numbers an
 * image, in the order of the batch. Throws InputError when the data does not fit the shape.
 */
export function randomCrop(
  images: Float32Array,
  shape: BatchShape,
  padding: number,
  stream: RandomStream,
): Float32Array {
  checkBatch("randomCrop", images, shape);
  const [batch, channels, height, width] = shape;
  const out = new Float32Array(images.length);
  for (let i = 0; i < batch; i++) {
    // out[y, x] = image[y + dy, x + dx]
    const dy = stream.below(2 * padding + 1) - padding;
    const dx = stream.below(2 * padding + 1) - padding;
    const firstX = Math.max(0, -dx);
    const lastX = Math.min(width, width - dx);
    if (firstX >= lastX) continue;
    for (let channel = 0; channel < channels; channel++) {
      const plane = (i * channels + channel) * height * width;
      for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
        const from = plane + (y + dy) * width + dx;
        out.set(images.subarray(from + firstX, from + lastX), plane + y * width + firstX);
      }
    }
  }
  return out;
}
