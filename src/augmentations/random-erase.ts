import type { RandomStream } from "../base/index.ts";
import { type BatchShape, checkBatch, eachImage } from "./batch.ts";

/** The least share of an image that is erased, and the range of height / width, of torchvision's RandomErasing. */
const leastArea = 0.02;
const ratios = [0.3, 3.3] as const;
/** How often a rectangle that is too large is drawn anew before the image is left alone. */
const tries = 10;

/**
 * Sets a rectangle of each image to 0 in all channels. Its area is U(0.02, largestArea) of the image's, its height over
 * its width log-uniform from 0.3 to 3.3, its place uniform; sides are rounded, and a rectangle that is not smaller than
 * the image on both sides is drawn anew, ten times at most, after which the image is left alone. Areas up to less than
 * 0.02 are all that large, and 0 changes nothing.
 *
 * As torchvision's RandomErasing(p=1, scale=(0.02, largestArea)); Zhong et al., AAAI 2020. Draws 22 numbers an image
 * whatever happens, area and ratio ten times, then row and column, in the order of the batch. Throws InputError when the
 * data does not fit the shape.
 */
export function randomErase(
  images: Float32Array,
  shape: BatchShape,
  largestArea: number,
  stream: RandomStream,
): Float32Array {
  checkBatch("randomErase", images, shape);
  const [, channels, height, width] = shape;
  return eachImage(images, shape, (image, out) => {
    out.set(image);
    const drawn = Array.from({ length: tries }, () => randomSides(height * width, largestArea, stream));
    const [h, w] = drawn.find(([h, w]) => h < height && w < width) ?? [0, 0];
    const top = stream.below(height - h + 1);
    const left = stream.below(width - w + 1);
    for (let channel = 0; channel < channels; channel++)
      for (let y = top; y < top + h; y++) {
        const row = (channel * height + y) * width;
        out.fill(0, row + left, row + left + w);
      }
  });
}

/** Height and width of a rectangle in an image of `pixels` pixels. Draws two numbers. */
function randomSides(pixels: number, largestArea: number, stream: RandomStream): readonly [h: number, w: number] {
  const least = Math.min(leastArea, largestArea);
  const area = pixels * (least + (largestArea - least) * stream.uniform());
  const ratio = ratios[0] * (ratios[1] / ratios[0]) ** stream.uniform();
  return [Math.round(Math.sqrt(area * ratio)), Math.round(Math.sqrt(area / ratio))];
}
