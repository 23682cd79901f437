import { augment } from "../augmentations/index.ts";
import { randomStream, seedFor, sizeOf } from "../base/index.ts";
import { type LabelledImages, toFloat } from "../datasets/index.ts";
import { thatAdd } from "./training-ways.ts";
import type { Method } from "./trial.ts";

/** Images changed at a time. What is drawn for an image depends on it, so another number would be another experiment. */
const batch = 256;

/**
 * The target's training images under the methods' own augmentations, in their order, without the base augmentation: one
 * draw for each image, the same for every epoch, rounded to bytes. Images come back as they are when no method augments.
 *
 * Why one draw: a frozen extractor looks at each image once. The paper and its code do not augment the target.
 */
export function augmentedTarget(images: LabelledImages, methods: readonly Method[], seed: number): LabelledImages {
  const own = thatAdd(methods, "augmentation");
  if (own.length === 0) return images;
  const [n, channels, height, width] = images.shape;
  const streams = own.map(({ kind }) => randomStream(seedFor(seed, "augment target", kind)));
  const pixels = new Uint8Array(sizeOf(images.shape));
  for (let from = 0; from < n; from += batch) {
    const indices = Array.from({ length: Math.min(batch, n - from) }, (_, i) => from + i);
    const shape = [indices.length, channels, height, width] as const;
    const changed = own.reduce(
      (batchOf, { kind, strength, options }, i) => {
        const stream = streams[i] ?? randomStream(0);
        return augment(kind, batchOf, shape, strength, stream, options);
      },
      toFloat(images, indices),
    );
    pixels.set(
      changed.map((value) => Math.round(255 * value)),
      from * channels * height * width,
    );
  }
  return { ...images, pixels };
}
