import { type BatchShape, checkBatch } from "./batch.ts";

/**
 * Keeps the highest `bits` of the 8 bits of every value: v -> (v & mask) / 255, v the byte nearest to 255 times the value.
 * Fewer bits are stronger; 8 bits change no image that came from bytes.
 *
 * As torchvision's posterize on uint8 images, and so as RandomPosterize(bits, p=1) before ToTensor in Xu et al.'s code.
 * (On float images torchvision v2 has other levels: floor(2^bits x) / 2^bits, 0.9375 for white at 4 bits where bytes give
 * 240 / 255 = 0.9412.) Throws InputError when the data does not fit the shape.
 */
export function posterize(images: Float32Array, shape: BatchShape, bits: number): Float32Array {
  checkBatch("posterize", images, shape);
  const mask = 256 - 2 ** (8 - bits);
  const kept = Float32Array.from({ length: 256 }, (_, byte) => (byte & mask) / 255);
  const out = new Float32Array(images.length);
  for (let i = 0; i < images.length; i++) out[i] = kept[Math.round((images[i] as number) * 255)] as number;
  return out;
}
