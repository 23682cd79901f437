import { type Tensor, writeWhole } from "../base/index.ts";
import { encodeOnnx, flattenTree, type Traced, writeSafetensors } from "../engine/index.ts";
import { architectureWords, type LoadedModel } from "./load.ts";
import type { Model, Parameters } from "./model.ts";

/**
 * The bytes of an ONNX model (opset 21) of a classifier: `images` [batch, channels, height, width] with pixels in [0, 1] and
 * any batch, to `features` [batch, featureSize] and `logits` [batch, classes]. The normaliser is inside.
 */
export function modelToOnnx(
  model: Model,
  parameters: Parameters<Tensor<"float32">>,
  classNames: readonly string[] = [],
): Promise<Uint8Array> {
  return encodeOnnx(
    (p: Parameters<Traced>, images: Traced) => {
      const features = model.features(p.f, images);
      return { features, logits: model.logits(p.g, features) };
    },
    parameters,
    {
      imageShape: model.inputShape,
      outputs: ["features", "logits"],
      metadata: { model: model.name, ...classWords(classNames) },
    },
  );
}

/** Writes a model as ONNX or as a checkpoint of ours, by the path's ending, whole or not at all. */
export async function saveModel(
  path: string,
  { model, parameters }: LoadedModel,
  classNames: readonly string[] = [],
): Promise<void> {
  if (path.endsWith(".onnx")) await writeWhole(path, await modelToOnnx(model, parameters, classNames));
  else
    await writeSafetensors(path, flattenTree(parameters), { ...architectureWords(model), ...classWords(classNames) });
}

function classWords(names: readonly string[]): Record<string, string> {
  return names.length > 0 ? { classes: JSON.stringify(names) } : {};
}
