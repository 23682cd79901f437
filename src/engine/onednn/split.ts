import type { Loop } from "./loops.ts";
import { byStride } from "./views.ts";

/** Equal pieces of a loop, along an axis of its space that is not reduced: each writes elements of its own. */
export interface Split {
  readonly axis: number;
  readonly pieces: number;
}

/** Loops over fewer elements are done sooner than another thread has heard of them. */
const leastWork = 8192;
/** Elements in a row of which a piece should have whole vectors, and a cache line of its own. */
const wholeRow = 16;

/** How to share a loop among threads, along the outermost axis that has a piece for most of them. */
export function splitOf(
  { space, output, reduction }: Loop,
  threads: number,
  { least = leastWork }: { readonly least?: number } = {},
): Split | undefined {
  const work = space.reduce((product, length) => product * length, 1);
  if (threads === 1 || work < least) return undefined;
  const axes = byStride(space, output).filter((axis) => !reduction?.axes.includes(axis) && output.strides[axis] !== 0);
  const splits = axes.map((axis): Split => {
    const length = space[axis] ?? 1;
    const isRow = axis === axes.at(-1);
    return { axis, pieces: mostPieces(isRow && length % wholeRow === 0 ? length / wholeRow : length, threads) };
  });
  const most = Math.max(1, ...splits.map(({ pieces }) => pieces));
  return most === 1 ? undefined : splits.find(({ pieces }) => pieces === most);
}

export const lengthOf = ({ space }: Loop, { axis, pieces }: Split): number => (space[axis] ?? 1) / pieces;

/** The largest divisor of `length` that is at most `threads`. */
export function mostPieces(length: number, threads: number): number {
  let pieces = Math.min(length, threads);
  while (pieces > 1 && length % pieces !== 0) pieces--;
  return Math.max(1, pieces);
}
