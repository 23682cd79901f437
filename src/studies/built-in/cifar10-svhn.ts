import { methodKinds } from "../methods/index.ts";
import { defineStudy } from "../study.ts";

/**
 * The paper's first pair with its authors' protocol, under every method there is: 200 epochs of SGD, batch 128, learning rate 0.01 for the CNN,
 * divided by ten at 100 and 150; PGD l2 with eps 0.25, 20 steps of eps / 4.
 * We differ where the released code does not do what the paper says: the features stay frozen, the last epoch
 * is the model, the head's penalty is chosen on validation examples, and the test set is used once.
 */
export const cifar10Svhn = defineStudy({
  name: "cifar10-svhn",
  description:
    "the paper's first pair with its authors' protocol: CIFAR-10 to SVHN, CIFAR-CNN, 200 epochs, every method",
  pairs: [
    {
      source: { dataset: "cifar10", validation: 5000 },
      target: { dataset: "svhn" },
    },
  ],
  model: "cifar-cnn",
  methods: Object.keys(methodKinds).filter((kind) => kind !== "vanilla"),
  schedule: { epochs: 200, learningRate: 0.01 },
  seeds: 3,
});
