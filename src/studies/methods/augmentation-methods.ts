import { augmentations } from "../../augmentations/registry.ts";
import { choose } from "../../base/index.ts";
import { type MethodKind, type MethodOption, xu2022 } from "./method-kind.ts";
import { pentagon } from "./shapes.ts";

const whats = {
  probability: "the chance of each image to be changed",
  interpolation: "how images are read between their pixels: nearest or bilinear",
};

const releasedCode = `the released code of ${xu2022} (train_aug.py), with torchvision's definition`;

/** An entry from what src/augmentations knows of the kind and what only a study needs. */
function augmentation(
  kind: string,
  entry: Pick<MethodKind, "range" | "sweep" | "formula" | "remarks" | "citation" | "regulariser" | "look">,
): MethodKind {
  const { title, unit, stronger, defaults } = choose("augmentation", kind, augmentations);
  const options: Record<string, MethodOption> = {
    probability: { type: "number", default: defaults.probability, what: whats.probability },
  };
  if (defaults.interpolation !== undefined)
    options.interpolation = { type: "string", default: defaults.interpolation, what: whats.interpolation };
  return { label: title, adds: "augmentation", unit, stronger, options, ...entry };
}

/** Kinds that change the source's training images; src/augmentations has them. */
export const augmentationMethods = {
  blur: augmentation("blur", {
    range: { min: 1, max: 63, only: "odd" },
    sweep: [3, 5, 7, 9],
    formula: "x -> k x k Gaussian kernel * x, sigma = 0.3 ((k - 1) / 2 - 1) + 0.8",
    remarks: "Half of k must be smaller than the image.",
    citation: xu2022,
    regulariser: true,
    look: { legend: "Gaussian blur", short: "blur", colour: "#009E73", shape: "triangle-up" },
  }),
  rescale: augmentation("rescale", {
    range: { min: 1, max: 16 },
    sweep: [1.5, 2, 3, 4],
    formula: "x -> up_m(down_m(x))",
    remarks: "At least 2 pixels a side must be left.",
    citation: xu2022,
    regulariser: true,
    look: { legend: "Rescale", short: "rescale", colour: "#56B4E9", shape: "triangle-down" },
  }),
  noise: augmentation("noise", {
    range: { min: 0, max: 1 },
    sweep: [0.025, 0.05, 0.1, 0.2],
    formula: "x -> clip(x + sigma n), n standard normal for each pixel and channel",
    remarks: "For small sigma it acts as a penalty on the input's derivatives (Bishop).",
    citation: "Bishop, Neural Computation 1995",
    regulariser: undefined,
    look: { legend: "Gaussian noise", short: "noise", colour: "#7CC9A8", shape: "circle" },
  }),
  posterize: augmentation("posterize", {
    range: { min: 1, max: 8, only: "whole" },
    sweep: [6, 4, 3, 2],
    formula: "x -> the highest k of 8 bits of x",
    remarks: "The code has 4 bits at a probability of 1/2.",
    citation: releasedCode,
    regulariser: undefined,
    look: { legend: "Posterize", short: "posterize", colour: "#00543D", shape: "square" },
  }),
  erase: augmentation("erase", {
    range: { min: 0, max: 1 },
    sweep: [0.1, 0.2, 0.4, 0.6],
    formula: "x -> x with a random rectangle of up to that share of the image set to 0",
    remarks: "The code erases 2 % to 20 % at a probability of 1/2.",
    citation: releasedCode,
    regulariser: undefined,
    look: { legend: "Random erasing", short: "erase", colour: "#86C232", shape: pentagon },
  }),
  rotation: augmentation("rotation", {
    range: { min: 0, max: 180 },
    sweep: [15, 30, 45, 90],
    formula: "x -> x turned by an angle uniform in +-degrees about its centre",
    remarks: "The paper's example of an augmentation that is no regulariser.",
    citation: xu2022,
    regulariser: false,
    look: { legend: "Rotation", short: "rotation", colour: "#CC79A7", shape: "diamond" },
  }),
  translation: augmentation("translation", {
    range: { min: 0, max: 1 },
    sweep: [0.0625, 0.125, 0.25, 0.5],
    formula: "x -> x moved by whole pixels, uniform in +-share of the side along both axes",
    remarks: "The paper's other example of an augmentation that is no regulariser.",
    citation: xu2022,
    regulariser: false,
    look: { legend: "Translation", short: "translation", colour: "#8E3B6E", shape: "triangle-right" },
  }),
  affine: augmentation("affine", {
    range: { min: 0, max: 180 },
    sweep: [15, 30, 60, 90],
    formula: "x -> x turned by up to +-degrees and moved by up to +-degrees / 300 of the side",
    remarks: "At 30 degrees it is the code's setting.",
    citation: releasedCode,
    regulariser: undefined,
    look: { legend: "Affine", short: "affine", colour: "#E3AECB", shape: "square" },
  }),
  perspective: augmentation("perspective", {
    // From 0.65625 on three corners of 64 x 64 images can come to lie in a line.
    range: { min: 0, max: 0.65 },
    sweep: [0.125, 0.25, 0.4, 0.6],
    formula: "x -> x seen from aside: each corner moved inwards by up to scale / 2 of the side",
    remarks: "The code has 0.25 at a probability of 1/2.",
    citation: releasedCode,
    regulariser: undefined,
    look: { legend: "Perspective", short: "perspective", colour: "#4B1248", shape: pentagon },
  }),
} as const satisfies Record<string, MethodKind>;
