import { z } from "zod";
import { InputError } from "../base/index.ts";
import { normaliserSchema } from "./normaliser.ts";

/**
 * What makes a residual network (He et al. 2016), as plain data: enough to build it again from a checkpoint.
 * The stem of `imagenet` is a 7x7 convolution of stride 2 with 3x3 max pooling of stride 2, that of `cifar` one 3x3
 * convolution. The first block of every stage after the first halves the image, and each stage doubles the channels.
 */
export const resnetSchema = z.strictObject({
  stem: z.enum(["cifar", "imagenet"]),
  /** Channels of the stem and of the first stage. */
  width: z.int().positive(),
  /** Blocks in each stage. */
  blocks: z.array(z.int().positive()).min(1),
  /** Two 3x3 convolutions, or 1x1, 3x3 and 1x1 with four times the channels at the end. */
  block: z.enum(["basic", "bottleneck"]),
  /** Where a block changes the shape: a 1x1 convolution, or (option A) every other pixel and new channels of zeros. */
  shortcut: z.enum(["projection", "padding"]),
  /** Height and width of an image. */
  side: z.int().positive(),
  normaliser: normaliserSchema,
});
export type ResnetDescription = z.infer<typeof resnetSchema>;

/** One convolution and the normalisation behind it. */
export interface Unit {
  readonly name: string;
  readonly weightShape: readonly [out: number, inputs: number, kernel: number, kernel: number];
  readonly stride: number;
}

/** relu(units(x) + shortcut(x)), relu between the units. */
export interface Block {
  readonly name: string;
  readonly units: readonly Unit[];
  readonly shortcut:
    | { readonly kind: "identity" }
    | { readonly kind: "projection"; readonly unit: Unit }
    | { readonly kind: "padding"; readonly inputs: number; readonly outputs: number; readonly stride: number };
}

export interface ResnetLayout {
  readonly stem: Unit;
  readonly blocks: readonly Block[];
  readonly featureSize: number;
}

/** Every convolution of a description, in the order of computation. */
export function resnetLayout({ stem, width, blocks, block, shortcut }: ResnetDescription): ResnetLayout {
  const kernel = stem === "cifar" ? 3 : 7;
  const expansion = block === "basic" ? 1 : 4;
  let inputs = width;
  const made = blocks.flatMap((count, stage) =>
    Array.from({ length: count }, (_, i): Block => {
      const name = `stage${stage + 1}_block${i + 1}`;
      const narrow = width * 2 ** stage;
      const outputs = narrow * expansion;
      const stride = stage > 0 && i === 0 ? 2 : 1;
      const units = (block === "basic" ? basicUnits : bottleneckUnits)(name, inputs, narrow, stride);
      const same = stride === 1 && inputs === outputs;
      const projection: Unit = { name: `${name}_shortcut`, weightShape: [outputs, inputs, 1, 1], stride };
      const changed =
        shortcut === "projection"
          ? ({ kind: "projection", unit: projection } as const)
          : ({ kind: "padding", inputs, outputs, stride } as const);
      inputs = outputs;
      return { name, units, shortcut: same ? { kind: "identity" } : changed };
    }),
  );
  return {
    stem: { name: "stem", weightShape: [width, 3, kernel, kernel], stride: stem === "cifar" ? 1 : 2 },
    blocks: made,
    featureSize: inputs,
  };
}

/** Its units, those of shortcuts included. */
export const unitsOf = ({ stem, blocks }: ResnetLayout): readonly Unit[] => [
  stem,
  ...blocks.flatMap(({ units, shortcut }) => [...units, ...(shortcut.kind === "projection" ? [shortcut.unit] : [])]),
];

/**
 * The name that the field uses: layers counted with the head, and the images' side where it is not the stem's own 32.
 * Three stages from 16 channels are the networks that He et al. made for CIFAR-10.
 */
export function resnetName({ stem, width, blocks, block, side }: ResnetDescription): string {
  const depth = (block === "basic" ? 2 : 3) * blocks.reduce((sum, count) => sum + count, 0) + 2;
  const family = stem === "cifar" && width === 16 && blocks.length === 3 ? "cifar-resnet" : "resnet";
  const narrow = family === "resnet" && width !== 64 ? `-w${width}` : "";
  return `${family}${depth}${narrow}${stem === "cifar" && side === 32 ? "" : `-${side}`}`;
}

/** Throws InputError when the images are so small that a stage would see nothing of them. */
export function checkSide(where: string, { stem, blocks, side }: ResnetDescription): void {
  const least = (stem === "cifar" ? 1 : 4) * 2 ** (blocks.length - 1);
  if (side < least) throw new InputError(`${where}: size: expected images of at least ${least} pixels, got ${side}`);
}

function basicUnits(name: string, inputs: number, width: number, stride: number): Unit[] {
  return [
    { name: `${name}_1`, weightShape: [width, inputs, 3, 3], stride },
    { name: `${name}_2`, weightShape: [width, width, 3, 3], stride: 1 },
  ];
}

function bottleneckUnits(name: string, inputs: number, width: number, stride: number): Unit[] {
  return [
    { name: `${name}_1`, weightShape: [width, inputs, 1, 1], stride: 1 },
    { name: `${name}_2`, weightShape: [width, width, 3, 3], stride },
    { name: `${name}_3`, weightShape: [4 * width, width, 1, 1], stride: 1 },
  ];
}
