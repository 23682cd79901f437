import { defineStudy } from "../study.ts";

const methods = ["jr", "wd", "blur", "rescale"];

/**
 * The paper's second pair, ImageNet to CIFAR-10 at 224 pixels, under its slides' methods and the two that they find to do
 * nothing. The paper names no schedule for ImageNet; this is the usual one for ResNets: 90 epochs, batch 256, learning rate
 * 0.1 divided by ten at 30 and 60, weight decay 1e-4.
 */
export const imagenetCifar10 = defineStudy({
  name: "imagenet-cifar10",
  description: "the paper's second pair: ImageNet to CIFAR-10, ResNet-18 at 224 px, 90 epochs; for a cluster",
  pairs: [{ source: { dataset: "imagenet", validation: 10_000 }, target: { dataset: "cifar10", validation: 5000 } }],
  model: "resnet18-224",
  methods: [...methods, "rotation", "translation", "at"],
  schedule: {
    epochs: 90,
    batch: 256,
    learningRate: 0.1,
    weightDecay: 1e-4,
    milestones: [1 / 3, 2 / 3],
  },
  attack: { examples: 10_000 },
  seeds: 3,
});

/** Tiny-ImageNet's 200 classes at 64 pixels in ImageNet's place, a narrow ResNet-18, 30 images a class: minutes on two cores. */
export const imagenetCifar10Small = defineStudy({
  name: "imagenet-cifar10-small",
  description:
    "the same with Tiny-ImageNet in ImageNet's place, 64 px, subsets, a narrow ResNet-18: ten minutes on 2 cores",
  pairs: [
    {
      source: { dataset: "tiny-imagenet", train: 6000, validation: 1000, test: 2000 },
      target: { dataset: "cifar10", train: 2000, validation: 500, test: 2000 },
    },
  ],
  model: "resnet18-w16-64",
  methods,
  strengths: { jr: [0.0001, 0.001], wd: [0.002, 0.01], blur: [3, 7], rescale: [2, 4] },
  schedule: { epochs: 6, batch: 64, learningRate: 0.1 },
  attack: { examples: 200, health: 50, target: 100 },
  seeds: 1,
});
