import { gather } from "../../src/datasets/index.ts";
import { createModel } from "../../src/models/index.ts";
import { transfer } from "../../src/transfer/index.ts";
import type { Line } from "./line.ts";
import { batchesOf, initialParameters, seed } from "./shared-inputs.ts";
import { syntheticImages } from "./synthetic-images.ts";

const model = "cifar-cnn";
const [batch, train, validation, epochs] = [128, 4096, 512, 40];

/**
 * A unit is the whole transfer stage. Ours: features of all images once, then heads at four penalties, each solved to
 * convergence. The paper's released code: 40 epochs of SGD over all parameters; one epoch is run and counted 40 times.
 */
export const transferLine: Line = {
  kind: "alternate",
  name: "transfer",
  title: `transfer stage, ${train} + ${validation} target images`,
  note: `PyTorch's side runs 1 of the paper's ${epochs} epochs through f and counts it ${epochs} times: each does the same work.`,
  settings: { model, batch, epochs, learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 },
  pace: { warmUp: 0, unitsPerTurn: 1, mostRounds: 3 },
  inputs: async () => ({
    ...initialParameters(model),
    ...batchesOf(syntheticImages(train, 14), batch, train / batch),
  }),
  async work({ threads }) {
    const source = createModel(model);
    const parameters = source.init(seed);
    const all = syntheticImages(train + validation, 14);
    const range = (from: number, length: number) => Uint32Array.from({ length }, (_, i) => from + i);
    const target = { train: gather(all, range(0, train)), validation: gather(all, range(train, validation)) };
    return {
      async run() {
        const began = performance.now();
        let featuresMs = 0;
        const run = transfer(source, parameters, target, { batch, threads, l2: [1e-5, 1e-4, 1e-3, 1e-2] });
        for (;;) {
          const { done, value } = await run.next();
          if (done) {
            const iterations = value.fits.reduce((sum, fit) => sum + fit.iterations, 0);
            const fitMs = performance.now() - began - featuresMs;
            return { value: value.chosen.validationLoss, parts: { featuresMs, fitMs, iterations } };
          }
          if (value.done <= train + validation) featuresMs = performance.now() - began;
        }
      },
    };
  },
};
