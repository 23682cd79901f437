export { baseAugmentation } from "./base-augmentation.ts";
export type { BatchShape } from "./batch.ts";
export { gaussianBlur } from "./gaussian-blur.ts";
export { horizontalFlip } from "./horizontal-flip.ts";
export { randomCrop } from "./random-crop.ts";
export { type Augmentation, augment, augmentations, checkStrength } from "./registry.ts";
export { rescale } from "./rescale.ts";
