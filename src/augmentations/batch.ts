import { InputError, sizeOf } from "../base/index.ts";

/** [batch, channels, height, width]; a batch is its row-major float32 data with pixels in [0, 1]. */
export type BatchShape = readonly [batch: number, channels: number, height: number, width: number];

/** Throws InputError when the data's length is not the shape's product. */
export function checkBatch(where: string, images: Float32Array, shape: BatchShape): void {
  if (images.length !== sizeOf(shape))
    throw new InputError(
      `${where}: images: expected ${sizeOf(shape)} elements for shape [${shape.join(", ")}], got ${images.length}`,
    );
}
