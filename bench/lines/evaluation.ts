import { fitImages } from "../../src/datasets/index.ts";
import { evaluate } from "../../src/metrics/index.ts";
import { createModel } from "../../src/models/index.ts";
import { forwardFlops } from "../flops.ts";
import type { Line } from "./line.ts";
import { batchesOf, initialParameters, missingModel, seed } from "./shared-inputs.ts";
import { syntheticImages } from "./synthetic-images.ts";

const batches = 32;

/** A unit is a batch of `evaluate`: logits, losses and right answers, parameters baked into the graph. */
export function evaluationLine({ name, title, model, batch }: EvaluationLineOptions): Line {
  const images = () => {
    const data = syntheticImages(batch * batches, 12);
    return { ...data, ...fitImages(data, createModel(model).inputShape[1]) };
  };
  return {
    kind: "alternate",
    name,
    title,
    flops: forwardFlops(model, batch),
    settings: { model, batch },
    unavailable: () => missingModel(model),
    inputs: async () => ({ ...initialParameters(model), ...batchesOf(images(), batch, 4) }),
    async work({ threads }) {
      const [classifier, data] = [createModel(model), images()];
      const parameters = classifier.init(seed);
      let run: ReturnType<typeof evaluate> | undefined;
      let left = 0;
      return {
        async ready() {
          if (left > 0) return;
          await run?.next();
          run = evaluate(classifier, parameters, data, { batch, threads });
          await run.next();
          left = batches - 1;
        },
        async run() {
          await run?.next();
          left--;
          return {};
        },
      };
    },
  };
}

export interface EvaluationLineOptions {
  readonly name: string;
  readonly title: string;
  readonly model: string;
  readonly batch: number;
}
