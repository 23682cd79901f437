import type { Tensor } from "../base/index.ts";
import { conv2d, linear, maxPool, np, relu, type Traced } from "../engine/index.ts";
import { batchNorm, initialiseBatchNorm } from "./batch-norm.ts";
import { initialiseLayer } from "./layers.ts";
import type { BatchStatistics, Model, Parameters } from "./model.ts";
import { normalise, normalisers } from "./normaliser.ts";
import { type Block, type ResnetDescription, resnetLayout, resnetName, type Unit, unitsOf } from "./resnet-layout.ts";

type FeatureParameters<Leaf> = Parameters<Leaf>["f"];

/** Depths that the field names, with their blocks. */
const depths = {
  18: { block: "basic", blocks: [2, 2, 2, 2] },
  34: { block: "basic", blocks: [3, 4, 6, 3] },
  50: { block: "bottleneck", blocks: [3, 4, 6, 3] },
} as const satisfies Record<number, Pick<ResnetDescription, "block" | "blocks">>;

/**
 * ResNet-18 (512 features, 11.2 M parameters), -34 (512, 21.3 M) or -50 (2048, 23.5 M). At 32 pixels in the CIFAR form
 * (3x3 stem without pooling, CIFAR-10's normaliser), larger in ImageNet's (7x7 stem, its normaliser). Of width 16, features
 * and parameters are a quarter and a sixteenth.
 */
export function namedResnet(depth: keyof typeof depths, side: 32 | 64 | 224, width = 64): (classes: number) => Model {
  const { block, blocks } = depths[depth];
  const family = side === 32 ? ({ stem: "cifar", normaliser: "cifar10" } as const) : imagenetFamily;
  const { mean, deviation } = normalisers[family.normaliser];
  const normaliser = { mean: [...mean], deviation: [...deviation] };
  const description = { stem: family.stem, width, block, blocks: [...blocks], side, normaliser };
  return (classes) => resnet({ ...description, shortcut: "projection" }, classes);
}

const imagenetFamily = { stem: "imagenet", normaliser: "imagenet" } as const;

/**
 * The model of a description: stem, stages of blocks, global average pooling, linear head. Convolutions have no bias;
 * weights are drawn as PyTorch draws them. Parameters are named `stem_conv`, `stem_norm`, `stage1_block1_1_conv`, ...
 */
export function resnet(description: ResnetDescription, classes: number): Model {
  const { side, stem: form, normaliser } = description;
  const layout = resnetLayout(description);
  const { stem, blocks, featureSize } = layout;
  return {
    name: resnetName(description),
    resnet: description,
    inputShape: [3, side, side],
    featureSize,
    classes,
    withClasses: (others) => resnet(description, others),
    init(seed) {
      const f: Record<string, FeatureParameters<Tensor<"float32">>[string]> = {};
      for (const { name, weightShape } of unitsOf(layout)) {
        f[`${name}_conv`] = { weight: initialiseLayer(seed, name, weightShape).weight };
        f[`${name}_norm`] = initialiseBatchNorm(weightShape[0]);
      }
      return { f, g: initialiseLayer(seed, "head", [classes, featureSize]) };
    },
    features(f, images, statistics) {
      const apply = (unit: Unit, x: Traced) => applyUnit(unit, f, x, statistics);
      let x = relu(apply(stem, normalise(images, normaliser))); // [batch, width, side, side], or halves of it
      if (form === "imagenet") x = maxPool(x, 3, { stride: 2, padding: 1 }); // [batch, width, side / 4, side / 4]
      for (const { units, shortcut } of blocks) {
        const inner = units.reduce((y, unit, i) => apply(unit, i === 0 ? y : relu(y)), x);
        x = relu(np.add(inner, shortcutOf(shortcut, x, apply)));
      }
      return np.mean(x, [2, 3]); // [batch, featureSize]
    },
    logits: (g, features) => linear(features, g.weight, g.bias),
  };
}

function applyUnit(
  { name, weightShape, stride }: Unit,
  f: FeatureParameters<Traced>,
  x: Traced,
  statistics?: BatchStatistics,
): Traced {
  const [conv, norm] = [f[`${name}_conv`], f[`${name}_norm`]];
  if (!conv || !norm || !("mean" in norm))
    throw new Error(`features: expected ${name}_conv and ${name}_norm, got layers ${Object.keys(f).join(", ")}`);
  const y = conv2d(x, conv.weight, undefined, { stride, padding: (weightShape[2] - 1) / 2 });
  return batchNorm(y, norm, `${name}_norm`, statistics);
}

function shortcutOf(shortcut: Block["shortcut"], x: Traced, apply: (unit: Unit, x: Traced) => Traced): Traced {
  if (shortcut.kind === "identity") return x;
  if (shortcut.kind === "projection") return apply(shortcut.unit, x);
  return conv2d(x, np.array(paddingKernel(shortcut)), undefined, { stride: shortcut.stride });
}

/** Option A as a 1x1 convolution: channel k goes to k + (outputs - inputs) / 2, half of the new ones before, half behind. */
function paddingKernel({ inputs, outputs }: { readonly inputs: number; readonly outputs: number }): number[][][][] {
  const before = (outputs - inputs) / 2;
  return Array.from({ length: outputs }, (_, out) =>
    Array.from({ length: inputs }, (_, k) => [[out === k + before ? 1 : 0]]),
  );
}
