import type { RandomStream } from "../base/index.ts";
import { projectOnto } from "./neighbourhood.ts";
import type { Example } from "./search.ts";

type Shape = Example["shape"];

/** Vertical stripes: each column of each channel moves by +eps or -eps. */
export function linfStart(eps: number, image: Float32Array, shape: Shape, stream: RandomStream): Float32Array {
  const [channels, height, width] = shape;
  const start = image.slice();
  for (let c = 0; c < channels; c++)
    for (let x = 0; x < width; x++) {
      const offset = sign(stream) * eps;
      for (let y = 0; y < height; y++) {
        const at = (c * height + y) * width + x;
        start[at] = (image[at] as number) + offset;
      }
    }
  return projectOnto({ norm: "linf", eps }, image, start);
}

/** A square of side h at a random place, in which each channel is set to the image +eps or -eps. */
export function linfStep(
  eps: number,
  image: Float32Array,
  best: Float32Array,
  [channels, height, width]: Shape,
  side: number,
  stream: RandomStream,
): Float32Array {
  const [top, left] = [stream.below(height - side + 1), stream.below(width - side + 1)];
  const next = best.slice();
  for (let c = 0; c < channels; c++) {
    const offset = sign(stream) * eps;
    for (let y = top; y < top + side; y++)
      for (let x = left; x < left + side; x++) {
        const at = (c * height + y) * width + x;
        next[at] = Math.min(1, Math.max(0, (image[at] as number) + offset));
      }
  }
  return projectOnto({ norm: "linf", eps }, image, next);
}

/** A grid of about 5 x 5 tiles, each the pattern `bump` with a random sign in each channel, scaled to length eps. */
export function l2Start(eps: number, image: Float32Array, shape: Shape, stream: RandomStream): Float32Array {
  const [channels, height, width] = shape;
  const tile = Math.max(1, Math.floor(Math.min(height, width) / 5));
  const offset = new Float32Array(image.length);
  for (let top = 0; top + tile <= height; top += tile)
    for (let left = 0; left + tile <= width; left += tile) {
      const pattern = bump(tile, stream);
      for (let c = 0; c < channels; c++) {
        const factor = sign(stream);
        for (let y = 0; y < tile; y++)
          for (let x = 0; x < tile; x++)
            offset[(c * height + top + y) * width + left + x] = factor * (pattern[y * tile + x] as number);
      }
    }
  return within(eps, image, offset);
}

/**
 * The l2 proposal: the mass of the change in two squares, and whatever of eps is unused, goes into the first one, whose
 * change takes a new pattern on top of its old one; the second is emptied (algorithm 3 of the paper).
 */
export function l2Step(
  eps: number,
  image: Float32Array,
  best: Float32Array,
  shape: Shape,
  side: number,
  stream: RandomStream,
): Float32Array {
  const [channels, height, width] = shape;
  const corner = () => ({ top: stream.below(height - side + 1), left: stream.below(width - side + 1) });
  const [into, from] = [corner(), corner()];
  const offset = new Float32Array(image.length);
  for (let i = 0; i < offset.length; i++) offset[i] = (best[i] as number) - (image[i] as number);
  const unused = Math.max(0, eps * eps - squares(offset)) / channels;
  const pattern = bump(side, stream);
  const mixed = new Float32Array(side * side);
  for (let c = 0; c < channels; c++) {
    const factor = sign(stream);
    const at = ({ top, left }: typeof into, y: number, x: number) => (c * height + top + y) * width + left + x;
    let before = 0;
    for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) before += (offset[at(into, y, x)] as number) ** 2;
    const scale = before > 0 ? 1 / Math.sqrt(before) : 0;
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++)
        mixed[y * side + x] = factor * (pattern[y * side + x] as number) + scale * (offset[at(into, y, x)] as number);
    // The first square's mass is counted; emptied, what the second shares with it counts once.
    let mass = unused + before;
    for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) offset[at(into, y, x)] = 0;
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        mass += (offset[at(from, y, x)] as number) ** 2;
        offset[at(from, y, x)] = 0;
      }
    const length = Math.sqrt(squares(mixed));
    const gain = length > 0 ? Math.sqrt(mass) / length : 0;
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) offset[at(into, y, x)] = gain * (mixed[y * side + x] as number);
  }
  return within(eps, image, offset);
}

/**
 * The paper's eta of a square, at length 1: two halves of opposite sign, cut across at random, each a pyramid that is
 * largest in its middle: the sum over k = 0 ... M of 1 / (n + 1 - k)^2, n = floor(h / 2) of the half's longer side,
 * M = n less the distance to the middle.
 */
function bump(side: number, stream: RandomStream): Float32Array {
  const [upright, turned] = bumps.get(side) ?? bumpsOf(side);
  return stream.uniform() < 0.5 ? turned : upright;
}

/** Both ways round, by side: a few dozen sides at most. */
const bumps = new Map<number, readonly [upright: Float32Array, turned: Float32Array]>();

function bumpsOf(side: number): readonly [upright: Float32Array, turned: Float32Array] {
  const half = Math.floor(side / 2);
  const [upper, lower] = [pyramid(half, side), pyramid(side - half, side)];
  const upright = new Float32Array(side * side);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      upright[y * side + x] = y < half ? (upper[y * side + x] as number) : -(lower[(y - half) * side + x] as number);
  const length = Math.sqrt(squares(upright));
  const unit = upright.map((value) => value / length);
  const made = [unit, unit.map((_, at) => unit[(at % side) * side + Math.floor(at / side)] as number)] as const;
  bumps.set(side, made);
  return made;
}

function pyramid(rows: number, columns: number): Float32Array {
  const n = Math.floor(Math.max(rows, columns) / 2);
  const [middleRow, middleColumn] = [(rows - 1) / 2, (columns - 1) / 2];
  return Float32Array.from({ length: rows * columns }, (_, at) => {
    const away = Math.max(Math.abs(Math.floor(at / columns) - middleRow), Math.abs((at % columns) - middleColumn));
    let sum = 0;
    for (let k = 0; k <= Math.max(0, n - Math.floor(away)); k++) sum += 1 / (n + 1 - k) ** 2;
    return sum;
  });
}

/**
 * image + offset scaled to length eps, clipped to the box, which brings no pixel farther from the image's. `offset` is used up
 * and returned.
 */
function within(eps: number, image: Float32Array, offset: Float32Array): Float32Array {
  const length = Math.sqrt(squares(offset));
  const scale = length > 0 ? eps / length : 0;
  for (let i = 0; i < offset.length; i++) {
    const value = (image[i] as number) + scale * (offset[i] as number);
    offset[i] = value < 0 ? 0 : value > 1 ? 1 : value;
  }
  return offset;
}

function squares(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) ** 2;
  return sum;
}

const sign = (stream: RandomStream): number => (stream.uniform() < 0.5 ? -1 : 1);
