import { defineStudy } from "carryover";

/**
 * A study of one's own: does a little blur help a digit reader to be transferred to photos of objects?
 * Run it with
 *
 *     npm run carryover -- run examples/own-study.study.ts
 */
export default defineStudy({
  name: "own-study",
  description: "MNIST to CIFAR-10 under blur: digits to objects, the wrong way round",
  pairs: [
    {
      source: { dataset: "mnist", train: 2000, validation: 500, test: 1000 },
      target: { dataset: "cifar10", train: 1000, validation: 500, test: 1000 },
    },
  ],
  model: "small-cnn",
  // Vanilla is always run; it is what relative transfer is measured against.
  methods: ["blur"],
  strengths: { blur: [3, 7] },
  schedule: { epochs: 3, batch: 64, learningRate: 0.05 },
  attack: { examples: 200 },
  seeds: 1,
});
