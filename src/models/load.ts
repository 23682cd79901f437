import { InputError, readWhole, type Tensor } from "../base/index.ts";
import { decodeSafetensors, flattenTree, type NamedTensors, unflattenTree } from "../engine/index.ts";
import { decodeStateDict, type Imported, type ImportOptions, resnetFrom } from "./import/index.ts";
import type { Model, Parameters } from "./model.ts";
import { loadOnnx } from "./onnx/load-onnx.ts";
import { createModel } from "./registry.ts";
import { resnet } from "./resnet.ts";
import { resnetSchema } from "./resnet-layout.ts";

export type LoadedModel = Pick<Imported, "model" | "parameters">;

/** Names of files that may hold a model. */
export const modelFiles = /\.(safetensors|th|pt|pth|bin|tar|onnx)$/;

/**
 * A model from a file: a checkpoint of ours (`.safetensors`, which says its architecture), or a ResNet's weights that
 * others wrote: a PyTorch state dict (`.pth`, `.pt`, `.th`, `.bin`, `.tar`) or safetensors, in the naming of torchvision, timm
 * or kuangliu; or an ONNX model whose operators can be lifted into a differentiable function. Options change what the model looks at: its images' side and normaliser. Throws InputError for any other file.
 */
export async function loadModel(path: string, options: ImportOptions = {}): Promise<Imported> {
  if (!modelFiles.test(path))
    throw new InputError(`${path}: expected a model's file (.safetensors, .pth, .pt, .th, .onnx), got another`);
  if (path.endsWith(".onnx")) return loadOnnx(path, options);
  const bytes = await readWhole(path);
  if (!path.endsWith(".safetensors")) return resnetFrom(path, decodeStateDict(path, bytes).tensors, options);
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  if (metadata.model === undefined) return resnetFrom(path, tensors, options);
  const classes = tensors["g.bias"]?.shape[0];
  if (classes === undefined) throw new InputError(`${path}: expected a checkpoint that has a head, got none`);
  const model = modelOf(path, metadata, classes, options);
  return { model, parameters: parametersLike(path, model.init(0), tensors), notes: [] };
}

/** All that decides a model's answers beside its parameters: the words by which a checkpoint says its architecture. */
export function architectureWords({ name, resnet, graph }: Model): Record<string, string> {
  return {
    model: name,
    ...(resnet && { resnet: JSON.stringify(resnet) }),
    ...(graph && { graph: JSON.stringify(graph) }),
  };
}

function modelOf(
  path: string,
  metadata: Readonly<Record<string, string>>,
  classes: number,
  options: ImportOptions,
): Model {
  const named = metadata.resnet === undefined ? createModel(metadata.model ?? "", { classes }) : undefined;
  const description = named ? named.resnet : describedResnet(path, metadata.resnet ?? "");
  if (description) return resnet({ ...description, ...options }, classes);
  if (named && Object.keys(options).length === 0) return named;
  throw new InputError(
    `${path}: ${Object.keys(options).join(" and ")}: expected a ResNet, whose images may be of any size, got ${metadata.model}, which has its own`,
  );
}

function describedResnet(path: string, text: string) {
  try {
    return resnetSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new InputError(`${path}: expected the description of a ResNet, got ${text.slice(0, 80)}`, { cause });
  }
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
