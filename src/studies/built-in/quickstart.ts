import { defineStudy } from "../study.ts";

/** Objects to digits in minutes: the shape of the paper's first pair, small enough for two CPU cores. */
export const quickstart = defineStudy({
  name: "quickstart",
  description: "CIFAR-10 to MNIST, subsets, a small CNN, four methods at two strengths: minutes on 2 cores",
  pairs: [
    {
      source: { dataset: "cifar10", train: 3000, validation: 500, test: 1000 },
      target: { dataset: "mnist", train: 1000, validation: 500, test: 1000 },
    },
  ],
  model: "small-cnn",
  methods: ["jr", "wd", "blur", "rescale"],
  strengths: { jr: [0.01, 0.1], wd: [0.002, 0.01], blur: [3, 7], rescale: [2, 4] },
  schedule: { epochs: 8, batch: 64, learningRate: 0.05 },
  attack: { examples: 200, health: 50, target: 100 },
  seeds: 2,
});
