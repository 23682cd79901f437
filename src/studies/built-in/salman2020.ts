import { defineStudy } from "../study.ts";

/** Adversarial training as Salman et al. do it: 3 steps of 2 eps / 3 from the image itself. */
const options = { at: { steps: 3, randomStart: false } };

/**
 * Salman et al., "Do Adversarially Robust ImageNet Models Transfer Better?" (NeurIPS 2020): the radius of adversarial training
 * as the axis, and both ways of transfer, fixed features and full network, for each target. Source training as theirs: 90
 * epochs, batch 512, learning rate 0.1 divided by ten every 30, weight decay 1e-4.
 * We differ: the fixed-feature head is the convex problem's solution, all is resized and cropped one way, and fine-tuning
 * is a fifth of the source's schedule without augmentation. Of their twelve targets two are known by name; the others are
 * folders of images (`--set target.dataset=pets --data ...`).
 */
export const salman2020 = defineStudy({
  name: "salman2020",
  description:
    "Salman et al. 2020: ImageNet sources by radius of adversarial training, fixed features and full network",
  pairs: ["cifar10", "cifar100"].map((dataset) => ({
    source: { dataset: "imagenet", validation: 10_000 },
    target: { dataset, validation: 5000 },
  })),
  model: "resnet18-224",
  methods: ["at"],
  strengths: { at: [0.01, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 3, 5] },
  options,
  schedule: { epochs: 90, batch: 512, learningRate: 0.1, weightDecay: 1e-4, milestones: [1 / 3, 2 / 3] },
  attack: { examples: 10_000 },
  transfer: [{ protocol: "frozen" }, { protocol: "full" }],
  seeds: 1,
});

/** The same shape at 64 pixels: Tiny-ImageNet, a narrow ResNet-18, two radii, two targets. */
export const salman2020Small = defineStudy({
  name: "salman2020-small",
  description:
    "the same with Tiny-ImageNet at 64 px, a narrow ResNet-18, two radii, CIFAR-10 and MNIST: minutes on 2 cores",
  pairs: ["cifar10", "mnist"].map((dataset) => ({
    source: { dataset: "tiny-imagenet", train: 4000, validation: 500, test: 1000 },
    target: { dataset, train: 1000, validation: 500, test: 1000 },
  })),
  model: "resnet18-w16-64",
  methods: ["at"],
  strengths: { at: [0.25, 1] },
  options,
  schedule: { epochs: 5, batch: 64, learningRate: 0.1 },
  attack: { examples: 100, health: 0, target: 0 },
  transfer: [{ protocol: "frozen" }, { protocol: "full" }],
  seeds: 1,
});
