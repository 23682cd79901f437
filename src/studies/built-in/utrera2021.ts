import { defineStudy } from "../study.ts";

const options = { at: { steps: 3, randomStart: false } };

/** All sizes of the target with each of its datasets. */
const pairs = (
  source: { readonly dataset: string; readonly train?: number; readonly validation: number; readonly test?: number },
  targets: readonly string[],
  sizes: readonly number[],
  test: number | null,
) =>
  targets.flatMap((dataset) => sizes.map((train) => ({ source, target: { dataset, train, validation: 1000, test } })));

/**
 * Utrera et al., "Adversarially-Trained Deep Nets Transfer Better" (ICLR 2021): ResNet-50 sources, natural and
 * adversarial (l2 3, linf 4/255 and 8/255), by the number of target images and by how much of the network is trained on
 * them: the head alone, it and the last 1, 3 or 9 blocks, or all. KMNIST, their sixth target, is a folder of your own.
 */
export const utrera2021 = defineStudy({
  name: "utrera2021",
  description:
    "Utrera et al. 2021: robust ImageNet sources by the target's size and the number of blocks that are trained",
  pairs: pairs(
    { dataset: "imagenet", validation: 10_000 },
    ["cifar10", "cifar100", "svhn", "mnist", "fashion-mnist"],
    [100, 400, 1600, 6400, 25_600],
    null,
  ),
  model: "resnet50-224",
  methods: ["at", "at-linf"],
  strengths: { at: [3], "at-linf": [4, 8] },
  options: { ...options, "at-linf": options.at },
  schedule: { epochs: 90, batch: 256, learningRate: 0.1, weightDecay: 1e-4, milestones: [1 / 3, 2 / 3] },
  attack: { examples: 1000, target: 0 },
  transfer: [
    { protocol: "frozen" },
    { protocol: "partial", blocks: 1 },
    { protocol: "partial", blocks: 3 },
    { protocol: "partial", blocks: 9 },
    { protocol: "full" },
  ],
  seeds: 3,
});

/** The same shape at 64 pixels: Tiny-ImageNet, a narrow ResNet-18, one radius, three sizes, three depths. */
export const utrera2021Small = defineStudy({
  name: "utrera2021-small",
  description:
    "the same with Tiny-ImageNet at 64 px, a narrow ResNet-18, 100 to 1600 images of CIFAR-10: minutes on 2 cores",
  pairs: pairs(
    { dataset: "tiny-imagenet", train: 4000, validation: 500, test: 1000 },
    ["cifar10"],
    [100, 400, 1600],
    1000,
  ),
  model: "resnet18-w16-64",
  methods: ["at"],
  strengths: { at: [1] },
  options,
  schedule: { epochs: 5, batch: 64, learningRate: 0.1 },
  attack: { examples: 100, health: 0, target: 0 },
  transfer: [{ protocol: "frozen" }, { protocol: "partial", blocks: 3 }, { protocol: "full" }],
  seeds: 1,
});
