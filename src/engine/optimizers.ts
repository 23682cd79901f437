import type { Tree } from "../base/index.ts";
import { np, type Traced, tree } from "./numpy.ts";

/**
 * One step of SGD with momentum and weight decay, in PyTorch's form: v <- m v + (g + wd p); p <- p - lr v.
 * Trees of one structure in, new trees out. `learningRate` and `weightDecay` may be traced scalars.
 */
export function sgdMomentum<T extends Tree<Traced>>(
  params: T,
  velocity: T,
  grads: T,
  { learningRate, momentum, weightDecay }: SgdOptions,
): { params: T; velocity: T } {
  const nextVelocity = mapTrees(
    (p, v, g) => np.add(np.multiply(v, momentum), np.add(g, np.multiply(p, weightDecay))),
    params,
    velocity,
    grads,
  );
  const nextParams = mapTrees((p, v) => np.subtract(p, np.multiply(v, learningRate)), params, nextVelocity);
  return { params: nextParams, velocity: nextVelocity };
}

export interface SgdOptions {
  readonly learningRate: Traced | number;
  readonly momentum: Traced | number;
  readonly weightDecay: Traced | number;
}

/** The learning rate after so many epochs, whole or not: `base` times decay for every milestone (a fraction of `epochs`) already reached. */
export function multiStep(
  epoch: number,
  { base, epochs, milestones, decay }: { base: number; epochs: number; milestones: readonly number[]; decay: number },
): number {
  return base * decay ** milestones.filter((milestone) => epoch >= milestone * epochs).length;
}

function mapTrees<T extends Tree<Traced>>(fn: (...leaves: Traced[]) => Traced, ...trees: readonly T[]): T {
  const [first, ...rest] = trees as [T, ...T[]];
  return tree.map(fn as (...leaves: unknown[]) => unknown, first as never, ...(rest as never[])) as T;
}
