import { type PgdConfig, pgd } from "../../src/attacks/index.ts";
import { createModel } from "../../src/models/index.ts";
import { attackFlops } from "../flops.ts";
import type { Line } from "./line.ts";
import { batchesOf, initialParameters, seed } from "./shared-inputs.ts";
import { syntheticImages } from "./synthetic-images.ts";

const model = "cifar-cnn";
const batch = 128;
const batches = 8;

/** The attack of the paper: l2, eps 0.25, 20 steps of eps / 4, one random start. */
export const attackConfig: PgdConfig = { norm: "l2", eps: 0.25, steps: 20, stepSize: 0.0625, restarts: 1 };

export const attackImages = () => syntheticImages(batch * batches, 13);

/** A unit is a batch of `pgd`: the clean images judged, a random start, 20 steps, the last iterate judged. */
export const attackLine: Line = {
  kind: "alternate",
  name: "pgd-20",
  title: "PGD, l2 0.25, 20 steps, batch 128",
  flops: attackFlops(model, batch, attackConfig.steps),
  settings: { model, batch, eps: attackConfig.eps, steps: attackConfig.steps, stepSize: attackConfig.stepSize },
  inputs: async () => ({ ...initialParameters(model), ...batchesOf(attackImages(), batch, 2) }),
  async work({ threads }) {
    const [classifier, data] = [createModel(model), attackImages()];
    const parameters = classifier.init(seed);
    const start = () => pgd(classifier, parameters, data, attackConfig, { seed: 1, batch, threads });
    let steps: ReturnType<typeof start> | undefined;
    let left = 0;
    const wholeBatch = async () => {
      for (let step = 0; step < attackConfig.steps; step++) await steps?.next();
      left--;
    };
    return {
      async ready() {
        if (left > 0) return;
        await steps?.next();
        steps = start();
        left = batches;
        await wholeBatch();
      },
      async run() {
        await wholeBatch();
        return {};
      },
    };
  },
};
