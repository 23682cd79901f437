import type { Tensor } from "../base/index.ts";
import { conv2d, linear, np, relu, type Traced } from "../engine/index.ts";
import { batchNorm, initialiseBatchNorm } from "./batch-norm.ts";
import { initialiseLayer, normalise } from "./layers.ts";
import type { BatchStatistics, Model, Parameters } from "./model.ts";

/** One convolution and the normalisation behind it. */
interface Unit {
  readonly name: string;
  readonly weightShape: readonly [out: number, inputs: number, kernel: number, kernel: number];
  readonly stride: number;
}

/** relu(units(x) + shortcut(x)), relu between the units; without a shortcut unit x itself is added. */
interface Block {
  readonly units: readonly Unit[];
  readonly shortcut?: Unit;
}

/** ResNet-18 (He et al. 2016) in its CIFAR form: 3x3 stem, widths 64-128-256-512; 512 features, 11.2 M parameters. */
export function resnet18(classes: number): Model {
  return resnet("resnet18", { blocks: [2, 2, 2, 2], block: basicBlock, expansion: 1 }, classes);
}

/** ResNet-50 in its CIFAR form: bottleneck blocks 3-4-6-3, 2048 features, 23.5 M parameters. */
export function resnet50(classes: number): Model {
  return resnet("resnet50", { blocks: [3, 4, 6, 3], block: bottleneck, expansion: 4 }, classes);
}

interface Architecture {
  readonly blocks: readonly number[];
  readonly block: (name: string, inputs: number, width: number, stride: number) => Block;
  /** A block's output channels are its width times this. */
  readonly expansion: number;
  /** Width of the stem and of the first stage; 64 unless a test wants it tiny. */
  readonly width?: number;
}

/**
 * A residual network for 32 x 32 images: 3x3 stem without pooling, stages whose first blocks after the first halve the
 * image, global average pooling. Convolutions have no bias; weights are drawn as PyTorch draws them.
 */
export function resnet(name: string, architecture: Architecture, classes: number): Model {
  const { stem, blocks, featureSize } = layout(architecture);
  const units = [stem, ...blocks.flatMap((block) => [...block.units, ...(block.shortcut ? [block.shortcut] : [])])];
  return {
    name,
    inputShape: [3, 32, 32],
    featureSize,
    classes,
    withClasses: (others) => resnet(name, architecture, others),
    init(seed) {
      const f: Record<string, Parameters<Tensor<"float32">>["f"][string]> = {};
      for (const unit of units) {
        f[`${unit.name}_conv`] = { weight: initialiseLayer(seed, unit.name, unit.weightShape).weight };
        f[`${unit.name}_norm`] = initialiseBatchNorm(unit.weightShape[0]);
      }
      return { f, g: initialiseLayer(seed, "head", [classes, featureSize]) };
    },
    features(f, images, statistics) {
      const apply = (unit: Unit, x: Traced) => applyUnit(unit, f, x, statistics);
      let x = relu(apply(stem, normalise(images))); // [batch, width, 32, 32]
      for (const { units, shortcut } of blocks) {
        const inner = units.reduce((y, unit, i) => apply(unit, i === 0 ? y : relu(y)), x);
        x = relu(np.add(inner, shortcut ? apply(shortcut, x) : x));
      }
      return np.mean(x, [2, 3]); // [batch, featureSize]
    },
    logits: (g, features) => linear(features, g.weight, g.bias),
  };
}

function layout({ blocks, block, expansion, width = 64 }: Architecture) {
  const stem: Unit = { name: "stem", weightShape: [width, 3, 3, 3], stride: 1 };
  let channels = width;
  const made = blocks.flatMap((count, stage) =>
    Array.from({ length: count }, (_, i) => {
      const narrow = width * 2 ** stage;
      const next = block(`stage${stage + 1}_block${i + 1}`, channels, narrow, stage > 0 && i === 0 ? 2 : 1);
      channels = narrow * expansion;
      return next;
    }),
  );
  return { stem, blocks: made, featureSize: channels };
}

function basicBlock(name: string, inputs: number, width: number, stride: number): Block {
  const units = [
    { name: `${name}_1`, weightShape: [width, inputs, 3, 3], stride },
    { name: `${name}_2`, weightShape: [width, width, 3, 3], stride: 1 },
  ] satisfies Unit[];
  return { units, ...shortcutFor(name, inputs, width, stride) };
}

function bottleneck(name: string, inputs: number, width: number, stride: number): Block {
  const units = [
    { name: `${name}_1`, weightShape: [width, inputs, 1, 1], stride: 1 },
    { name: `${name}_2`, weightShape: [width, width, 3, 3], stride },
    { name: `${name}_3`, weightShape: [4 * width, width, 1, 1], stride: 1 },
  ] satisfies Unit[];
  return { units, ...shortcutFor(name, inputs, 4 * width, stride) };
}

function shortcutFor(name: string, inputs: number, outputs: number, stride: number): Pick<Block, "shortcut"> {
  if (stride === 1 && inputs === outputs) return {};
  return { shortcut: { name: `${name}_shortcut`, weightShape: [outputs, inputs, 1, 1], stride } };
}

function applyUnit(
  { name, weightShape, stride }: Unit,
  f: Parameters<Traced>["f"],
  x: Traced,
  statistics?: BatchStatistics,
): Traced {
  const [conv, norm] = [f[`${name}_conv`], f[`${name}_norm`]];
  if (!conv || !norm || !("mean" in norm))
    throw new Error(`features: expected ${name}_conv and ${name}_norm, got layers ${Object.keys(f).join(", ")}`);
  const y = conv2d(x, conv.weight, undefined, { stride, padding: (weightShape[2] - 1) / 2 });
  return batchNorm(y, norm, `${name}_norm`, statistics);
}
