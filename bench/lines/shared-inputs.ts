import { tensor } from "../../src/base/index.ts";
import { type LabelledImages, toFloat } from "../../src/datasets/index.ts";
import { onednnState } from "../../src/engine/index.ts";
import { flattenTree, type NamedTensors } from "../../src/engine/named-tensors.ts";
import { createModel, models } from "../../src/models/index.ts";

/** The seed of a model's initial parameters, on both sides. */
export const seed = 7;

/** A model's initial parameters under dotted names, "f.conv1.weight". */
export function initialParameters(model: string): NamedTensors {
  return flattenTree(createModel(model).init(seed));
}

/** The first examples as whole batches: images [batches, batch, 3, 32, 32] in [0, 1], labels [batches, batch]. */
export function batchesOf(data: LabelledImages, batch: number, batches: number): NamedTensors {
  const count = batch * batches;
  const indices = Uint32Array.from({ length: count }, (_, i) => i);
  return {
    images: tensor("float32", [batches, batch, ...data.shape.slice(1)], toFloat(data, indices)),
    labels: tensor("int32", [batches, batch], data.labels.slice(0, count)),
  };
}

/** Why a line with this model cannot be run; undefined when it can. */
export function missingModel(model: string): string | undefined {
  return Object.hasOwn(models, model) ? undefined : `there is no model ${model} yet`;
}

/** Why oneDNN cannot compute in bf16 here; undefined when it can. */
export async function missingBf16(): Promise<string | undefined> {
  const state = await onednnState();
  if (!state.usable) return state.reason;
  return state.bf16 ? undefined : `${state.instructions} does not multiply bf16`;
}
