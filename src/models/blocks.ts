import { InputError } from "../base/index.ts";
import type { Parameters } from "./model.ts";

/**
 * The layers of a feature extractor in blocks, from the image on: the stem and each residual block of a ResNet, each layer
 * of a plain CNN.
 */
export function blocksOf(f: Parameters<unknown>["f"]): string[][] {
  const blocks = Map.groupBy(Object.keys(f), (layer) => /^stage\d+_block\d+|^[^_]+/.exec(layer)?.[0] ?? layer);
  return [...blocks.values()];
}

/** The layers of all blocks but the last `last`. Throws InputError when there are fewer, or none is asked for. */
export function layersBefore(where: string, f: Parameters<unknown>["f"], last: number): string[] {
  const blocks = blocksOf(f);
  if (!Number.isInteger(last) || last < 1 || last > blocks.length)
    throw new InputError(`${where}: blocks: expected 1 to ${blocks.length}, the model's blocks, got ${last}`);
  return blocks.slice(0, blocks.length - last).flat();
}
