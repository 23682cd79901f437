import { InputError, type Tensor } from "../base/index.ts";
import { flattenTree, type NamedTensors, readSafetensors, unflattenTree } from "../engine/index.ts";
import { cifarResnetFrom, readStateDict } from "./import/index.ts";
import type { Model, Parameters } from "./model.ts";
import { createModel } from "./registry.ts";

export interface LoadedModel {
  readonly model: Model;
  readonly parameters: Parameters<Tensor<"float32">>;
}

/**
 * A model from a file: a checkpoint of ours (`.safetensors`, which names its architecture), or a PyTorch state dict of an
 * architecture that is known (`.th`, `.pt`, `.pth`: the CIFAR ResNets). Throws InputError for any other file.
 */
export async function loadModel(path: string): Promise<LoadedModel> {
  if (/\.(th|pt|pth)$/.test(path)) return cifarResnetFrom(path, await readStateDict(path));
  if (!path.endsWith(".safetensors"))
    throw new InputError(`${path}: expected a file that ends in .safetensors, .th, .pt or .pth, got another`);
  const { tensors, metadata } = await readSafetensors(path);
  const classes = tensors["g.bias"]?.shape[0];
  if (metadata.model === undefined || classes === undefined)
    throw new InputError(
      `${path}: expected a checkpoint that names its model and has a head, got ${metadata.model ?? "no name"}`,
    );
  const model = createModel(metadata.model, { classes });
  return { model, parameters: parametersLike(path, model.init(0), tensors) };
}

/**
 * The tensors below `prefix` as parameters, in the order of `like`, which decides the order of a graph's arguments, and with
 * its shapes. Throws InputError, beginning with `where`, for a tensor that is missing or of another shape.
 */
export function parametersLike(
  where: string,
  like: Parameters<Tensor<"float32">>,
  tensors: NamedTensors,
  prefix = "",
): Parameters<Tensor<"float32">> {
  const named = Object.entries(flattenTree(like)).map(([name, { shape }]) => {
    const found = tensors[prefix + name];
    if (found?.dtype !== "float32" || String(found.shape) !== String(shape))
      throw new InputError(
        `${where}: ${prefix}${name}: expected float32 [${shape}], got ${found ? `${found.dtype} [${found.shape}]` : "none"}`,
      );
    return [name, found] as const;
  });
  return unflattenTree(Object.fromEntries(named)) as Parameters<Tensor<"float32">>;
}
