import { sweptKinds } from "../methods/index.ts";
import { defineStudy } from "../study.ts";

/** Every method at three strengths and three seeds, objects to digits, small enough for 40 minutes on two CPU cores. */
export const everyMethod = defineStudy({
  name: "every-method",
  description:
    "CIFAR-10 to SVHN, subsets, a small CNN, every method at three strengths, three seeds: 40 minutes on 2 cores",
  pairs: [
    {
      source: { dataset: "cifar10", train: 2000, validation: 500, test: 1000 },
      target: { dataset: "svhn", train: 1000, validation: 500, test: 1900 },
    },
  ],
  model: "small-cnn",
  methods: [...sweptKinds],
  strengths: {
    jr: [0.01, 0.03, 0.1],
    "jr-code": [10, 30, 100],
    "input-gradient": [0.3, 1, 3],
    wd: [0.001, 0.002, 0.005],
    llr: [0.01, 0.03, 0.1],
    llot: [4, 2, 1],
    spectral: [0.01, 0.03, 0.1],
    blur: [3, 5, 7],
    rescale: [1.5, 2, 3],
    noise: [0.05, 0.1, 0.2],
    posterize: [4, 3, 2],
    erase: [0.1, 0.3, 0.6],
    rotation: [15, 30, 45],
    translation: [0.0625, 0.125, 0.25],
    affine: [15, 30, 60],
    perspective: [0.25, 0.4, 0.6],
    at: [0.25, 0.5, 1],
    "at-linf": [2, 4, 8],
    "at-fast": [2, 4, 8],
    trades: [0.25, 0.5, 1],
  },
  schedule: { epochs: 8, batch: 64, learningRate: 0.05 },
  attack: { examples: 200, health: false, target: 0 },
  seeds: 3,
});
