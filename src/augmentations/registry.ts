import { affine } from "./affine.ts";
import type { Augmentation } from "./augmentation.ts";
import { gaussianBlur } from "./gaussian-blur.ts";
import { gaussianNoise } from "./gaussian-noise.ts";
import { perspective, staysConvex } from "./perspective.ts";
import { posterize } from "./posterize.ts";
import { randomErase } from "./random-erase.ts";
import { rescale, rescaledSide } from "./rescale.ts";
import { rotation } from "./rotation.ts";
import { translation } from "./translation.ts";

const between = (min: number, max: number) => (strength: number) => strength >= min && strength <= max;

/**
 * Every augmentation that a study may sweep, by kind of method. Probabilities and interpolations are torchvision's
 * defaults, which Xu et al.'s code uses. A new augmentation is a file in this folder and an entry here.
 */
export const augmentations: Readonly<Record<string, Augmentation>> = {
  blur: {
    title: "Gaussian blur",
    unit: "kernel width in pixels",
    range: "an odd whole number of at least 1, with half of it smaller than the image",
    stronger: "larger",
    identity: 1,
    defaults: { probability: 1 },
    accepts: (k, height, width) =>
      Number.isInteger(k) && k >= 1 && k % 2 === 1 && (k - 1) / 2 < Math.min(height, width),
    apply: (images, shape, k) => gaussianBlur(images, shape, k),
  },
  rescale: {
    title: "rescale",
    unit: "factor by which the image is made smaller and then larger again",
    range: "a number of at least 1 that leaves at least 2 pixels a side",
    stronger: "larger",
    identity: 1,
    defaults: { probability: 1 },
    accepts: (m, height, width) => m >= 1 && rescaledSide(Math.min(height, width), m) >= 2,
    apply: (images, shape, m) => rescale(images, shape, m),
  },
  noise: {
    title: "Gaussian noise",
    unit: "sigma, its standard deviation with pixels in [0, 1]",
    range: "a number from 0 to 1",
    stronger: "larger",
    identity: 0,
    defaults: { probability: 1 },
    accepts: between(0, 1),
    apply: gaussianNoise,
  },
  posterize: {
    title: "posterize",
    unit: "bits of 8 that are kept, fewer are stronger",
    range: "a whole number from 1 to 8",
    stronger: "smaller",
    identity: 8,
    defaults: { probability: 0.5 },
    accepts: (bits) => Number.isInteger(bits) && bits >= 1 && bits <= 8,
    apply: (images, shape, bits) => posterize(images, shape, bits),
  },
  erase: {
    title: "random erase",
    unit: "largest share of the image that is erased",
    range: "a number from 0 to 1",
    stronger: "larger",
    identity: 0,
    defaults: { probability: 0.5 },
    accepts: between(0, 1),
    apply: randomErase,
  },
  rotation: {
    title: "rotation",
    unit: "largest angle in degrees, to either side",
    range: "a number from 0 to 180",
    stronger: "larger",
    identity: 0,
    defaults: { probability: 1, interpolation: "nearest" },
    accepts: between(0, 180),
    apply: rotation,
  },
  translation: {
    title: "translation",
    unit: "largest move as a share of the side, to either side",
    range: "a number from 0 to 1",
    stronger: "larger",
    identity: 0,
    defaults: { probability: 1 },
    accepts: between(0, 1),
    apply: translation,
  },
  affine: {
    title: "rotation and translation",
    unit: "largest angle in degrees, with moves of up to a 300th of it as a share of the side",
    range: "a number from 0 to 180",
    stronger: "larger",
    identity: 0,
    defaults: { probability: 1, interpolation: "nearest" },
    accepts: between(0, 180),
    apply: affine,
  },
  perspective: {
    title: "perspective",
    unit: "distortion scale, how far corners may move inwards as a share of half the side",
    range: "a number of at least 0 at which no three corners can come to lie in a line (below 0.6875 at 32 x 32)",
    stronger: "larger",
    identity: 0,
    defaults: { probability: 0.5, interpolation: "bilinear" },
    accepts: (scale, height, width) => between(0, 1)(scale) && staysConvex(scale, height, width),
    apply: perspective,
  },
};
