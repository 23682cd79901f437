import { InputError, type Tensor } from "../../base/index.ts";
import { conv2d, linear, type NamedTensors, np, relu, type Traced } from "../../engine/index.ts";
import { batchNorm, initialiseBatchNorm } from "../batch-norm.ts";
import { initialiseLayer, normalise } from "../layers.ts";
import type { BatchStatistics, Model, Parameters } from "../model.ts";
import type { StateDict } from "./state-dict.ts";

const depths = [20, 32, 44, 56] as const;
const widths = [16, 32, 64] as const;

/** The normaliser with which the published weights were trained: ImageNet's. */
const imageNet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/**
 * The ResNets for CIFAR-10 of He et al. 2016, section 4.2: stem and three stages of 16, 32 and 64 channels, depth 6 n + 2,
 * shortcuts without parameters (option A: every other pixel, new channels zero, half of them before and half behind).
 * In the form in which akamaster/pytorch_resnet_cifar10 trained and published them.
 */
export function cifarResnet(depth: number, classes: number): Model {
  if (!depths.some((known) => known === depth))
    throw new InputError(`cifar-resnet: depth: expected one of ${depths.join(", ")}, got ${depth}`);
  const blocks = blocksOf(depth);
  const unit = (f: Parameters<Traced>["f"], name: string, x: Traced, stride: number, record?: BatchStatistics) => {
    const [conv, norm] = [f[`${name}_conv`], f[`${name}_norm`]];
    if (!conv || !norm || !("mean" in norm)) throw new Error(`features: expected ${name}_conv and ${name}_norm`);
    return batchNorm(conv2d(x, conv.weight, undefined, { stride, padding: 1 }), norm, `${name}_norm`, record);
  };
  return {
    name: `cifar-resnet${depth}`,
    inputShape: [3, 32, 32],
    featureSize: 64,
    classes,
    withClasses: (others) => cifarResnet(depth, others),
    init(seed) {
      const f: Record<string, Parameters<Tensor<"float32">>["f"][string]> = {};
      for (const [name, inputs, width] of unitsOf(depth)) {
        f[`${name}_conv`] = { weight: initialiseLayer(seed, name, [width, inputs, 3, 3]).weight };
        f[`${name}_norm`] = initialiseBatchNorm(width);
      }
      return { f, g: initialiseLayer(seed, "head", [classes, 64]) };
    },
    features(f, images, record) {
      let x = relu(unit(f, "stem", normalise(images, imageNet), 1, record)); // [batch, 16, 32, 32]
      for (const { name, inputs, width, stride } of blocks) {
        const inner = relu(unit(f, `${name}_1`, x, stride, record));
        const shortcut = stride === 1 ? x : conv2d(x, np.array(halving(inputs, width)), undefined, { stride });
        x = relu(np.add(unit(f, `${name}_2`, inner, 1, record), shortcut));
      }
      return np.mean(x, [2, 3]); // [batch, 64]
    },
    logits: (g, features) => linear(features, g.weight, g.bias),
  };
}

/** The model and parameters of a published state dict; the depth is counted from its names. */
export function cifarResnetFrom(
  where: string,
  { tensors }: StateDict,
): { model: Model; parameters: Parameters<Tensor<"float32">> } {
  const named = Object.fromEntries(
    Object.entries(tensors).map(([name, value]) => [name.replace(/^state_dict\./, "").replace(/^module\./, ""), value]),
  );
  const units = Object.keys(named).filter((name) => /^(layer\d\.\d+\.)?conv\d\.weight$/.test(name)).length;
  const depth = units + 1;
  const take = (name: string, shape: readonly number[]) => taken(where, named, name, shape);
  const classes = named["linear.bias"]?.shape[0] ?? 0;
  const model = cifarResnet(depth, classes);
  const f: Record<string, Parameters<Tensor<"float32">>["f"][string]> = {};
  for (const [name, inputs, width, conv, norm] of unitsOf(depth)) {
    f[`${name}_conv`] = { weight: take(`${conv}.weight`, [width, inputs, 3, 3]) };
    f[`${name}_norm`] = {
      weight: take(`${norm}.weight`, [width]),
      bias: take(`${norm}.bias`, [width]),
      mean: take(`${norm}.running_mean`, [width]),
      variance: take(`${norm}.running_var`, [width]),
    };
  }
  const g = { weight: take("linear.weight", [classes, 64]), bias: take("linear.bias", [classes]) };
  return { model, parameters: { f, g } };
}

function taken(where: string, named: NamedTensors, name: string, shape: readonly number[]): Tensor<"float32"> {
  const found = named[name];
  if (found?.dtype === "float32" && String(found.shape) === String(shape)) return found as Tensor<"float32">;
  const got = found ? `${found.dtype} [${found.shape}]` : "none";
  throw new InputError(`${where}: ${name}: expected float32 [${shape}] of a CIFAR ResNet, got ${got}`);
}

interface Block {
  readonly name: string;
  readonly theirs: string;
  readonly inputs: number;
  readonly width: number;
  readonly stride: number;
}

function blocksOf(depth: number): Block[] {
  let inputs: number = widths[0];
  return widths.flatMap((width, stage) =>
    Array.from({ length: (depth - 2) / 6 }, (_, i) => {
      const stride = stage > 0 && i === 0 ? 2 : 1;
      const theirs = `layer${stage + 1}.${i}`;
      const block = { name: `stage${stage + 1}_block${i + 1}`, theirs, inputs, width, stride };
      inputs = width;
      return block;
    }),
  );
}

/** Each convolution: our name, its channels in and out, and the published names of it and of its normalisation. */
function unitsOf(depth: number): (readonly [string, number, number, string, string])[] {
  return [
    ["stem", 3, widths[0], "conv1", "bn1"],
    ...blocksOf(depth).flatMap(({ name, theirs, inputs, width }) => [
      [`${name}_1`, inputs, width, `${theirs}.conv1`, `${theirs}.bn1`] as const,
      [`${name}_2`, width, width, `${theirs}.conv2`, `${theirs}.bn2`] as const,
    ]),
  ];
}

/** Option A as a 1x1 convolution of stride 2: channel k goes to k + (width - inputs) / 2. */
function halving(inputs: number, width: number): number[][][][] {
  const before = (width - inputs) / 2;
  return Array.from({ length: width }, (_, out) =>
    Array.from({ length: inputs }, (_, k) => [[out === k + before ? 1 : 0]]),
  );
}
