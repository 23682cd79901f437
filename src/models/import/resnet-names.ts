import { InputError, type Tensor } from "../../base/index.ts";
import { type Normaliser, normalisers } from "../normaliser.ts";
import { type ResnetDescription, type ResnetLayout, resnetLayout, type Unit } from "../resnet-layout.ts";

/** Tensors under the names of their file. */
export type FileTensors = Readonly<Record<string, Tensor>>;

/** What the names and shapes of a file say. */
export interface ReadNames {
  /** What stands before every name of the model: "", "state_dict.module.", "module.model.", ... */
  readonly prefix: string;
  readonly description: ResnetDescription;
  /** A tensor of the model in our naming and theirs, with the shape it must have. */
  readonly wanted: readonly Wanted[];
  /** What names and shapes leave open, as sentences. */
  readonly notes: readonly string[];
}

export interface Wanted {
  readonly layer: string;
  readonly part: "weight" | "bias" | "mean" | "variance";
  /** Without the prefix. */
  readonly theirs: string;
  readonly shape: readonly number[];
}

const families = "torchvision, timm (conv1, bn1, layer1.0.conv1, downsample, fc) or kuangliu (shortcut, linear)";

/** Of those who give torchvision's networks a 3x3 stem some keep its pooling (huyvnphan/PyTorch_CIFAR10) and some do not. */
const poolingUnknown =
  "a 3x3 stem in torchvision's naming: the weights do not tell whether it is followed by max pooling, and none is taken; where the model has it, export it as ONNX";

/**
 * The residual network that a file's names and shapes describe, and where each of its tensors stands there. Throws
 * InputError for names of other architectures.
 */
export function readNames(where: string, tensors: FileTensors): ReadNames {
  const prefix = prefixOf(where, tensors);
  const at = (name: string) => tensors[prefix + name];
  const [width = 0, channels, kernel] = at("conv1.weight")?.shape ?? [];
  if (channels !== 3)
    throw new InputError(`${where}: conv1.weight: expected images of 3 channels, got a convolution of ${channels}`);
  if (kernel !== 3 && kernel !== 7)
    throw new InputError(`${where}: conv1.weight: expected a stem of 3x3 (CIFAR) or 7x7 (ImageNet), got ${kernel}`);
  const has = (name: string) => at(name) !== undefined;
  const blocks = [];
  for (let stage = 1; has(`layer${stage}.0.conv1.weight`); stage++) {
    let count = 0;
    while (has(`layer${stage}.${count}.conv1.weight`)) count++;
    blocks.push(count);
  }
  const block = has("layer1.0.conv3.weight") ? "bottleneck" : "basic";
  const shortcutName = ["downsample", "shortcut"].find((name) =>
    Object.keys(tensors).some((key) => key.startsWith(prefix) && key.includes(`.${name}.0.`)),
  );
  const stem = kernel === 7 ? "imagenet" : "cifar";
  const description: ResnetDescription = {
    stem,
    width,
    blocks,
    block,
    shortcut: shortcutName ? "projection" : "padding",
    side: stem === "imagenet" ? 224 : 32,
    normaliser: normaliserOf(tensors, stem === "imagenet" || !shortcutName ? "imagenet" : "cifar10"),
  };
  const layout = resnetLayout(description);
  const head = has("linear.weight") ? "linear" : "fc";
  const classes = at(`${head}.weight`)?.shape[0] ?? 0;
  return {
    prefix,
    description,
    notes: stem === "cifar" && shortcutName === "downsample" ? [poolingUnknown] : [],
    wanted: [
      ...convolutionsOf(layout, shortcutName ?? "shortcut").flatMap(([unit, conv, norm]) => partsOf(unit, conv, norm)),
      { layer: "head", part: "weight", theirs: `${head}.weight`, shape: [classes, layout.featureSize] },
      { layer: "head", part: "bias", theirs: `${head}.bias`, shape: [classes] },
    ],
  };
}

function prefixOf(where: string, tensors: FileTensors): string {
  const [stem] = Object.keys(tensors)
    .filter((name) => /^(.*\.)?conv1\.weight$/.test(name) && !/(^|\.)layer\d/.test(name))
    .sort((a, b) => a.length - b.length);
  if (stem !== undefined) return stem.slice(0, -"conv1.weight".length);
  throw new InputError(
    `${where}: expected the names of a ResNet of ${families}, got ${listed(Object.keys(tensors))}; another architecture is read as ONNX: torch.onnx.export(model, images, "model.onnx")`,
  );
}

/** What a checkpoint of MadryLab/robustness carries beside its model, else the family's. */
function normaliserOf(tensors: FileTensors, family: keyof typeof normalisers): Normaliser {
  const carried = (name: string) =>
    Object.entries(tensors).find(([key, { shape }]) => key.endsWith(`.new_${name}`) && shape[0] === 3)?.[1].data;
  const [mean, deviation] = [carried("mean"), carried("std")];
  if (mean && deviation) return { mean: [...mean], deviation: [...deviation] };
  return { mean: [...normalisers[family].mean], deviation: [...normalisers[family].deviation] };
}

/** Each unit of ours, and their names of its convolution and its normalisation. */
function convolutionsOf({ stem, blocks }: ResnetLayout, shortcutName: string) {
  const named: [Unit, conv: string, norm: string][] = [[stem, "conv1", "bn1"]];
  for (const { name, units, shortcut } of blocks) {
    const [, stage = "", place = ""] = /stage(\d+)_block(\d+)/.exec(name) ?? [];
    const theirs = `layer${stage}.${Number(place) - 1}`;
    for (const [i, unit] of units.entries()) named.push([unit, `${theirs}.conv${i + 1}`, `${theirs}.bn${i + 1}`]);
    if (shortcut.kind === "projection")
      named.push([shortcut.unit, `${theirs}.${shortcutName}.0`, `${theirs}.${shortcutName}.1`]);
  }
  return named;
}

function partsOf({ name, weightShape }: Unit, conv: string, norm: string): Wanted[] {
  const shape = [weightShape[0] ?? 0];
  const layer = `${name}_norm`;
  return [
    { layer: `${name}_conv`, part: "weight", theirs: `${conv}.weight`, shape: weightShape },
    { layer, part: "weight", theirs: `${norm}.weight`, shape },
    { layer, part: "bias", theirs: `${norm}.bias`, shape },
    { layer, part: "mean", theirs: `${norm}.running_mean`, shape },
    { layer, part: "variance", theirs: `${norm}.running_var`, shape },
  ];
}

/** "a, b, c and 12 more (15 names)"; "none". */
export function listed(names: readonly string[], most = 8): string {
  if (names.length === 0) return "none";
  const left = names.length - most;
  return left > 0 ? `${names.slice(0, most).join(", ")} and ${left} more` : names.join(", ");
}
