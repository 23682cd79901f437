import { channelsLast, inOrder, typesOf } from "./calls.ts";
import type { Algorithm, Choice, ElementType, Geometry } from "./dnnl.ts";
import type { View } from "./views.ts";
import type { Workspace } from "./workspace.ts";

/** How a convolution may be done. */
export interface Way {
  readonly type: ElementType;
  readonly strides: (view: View) => readonly number[] | "any";
  readonly algorithm: Algorithm;
  /** Into how many pieces the batch is cut. */
  readonly pieces: number;
}

interface Sizes {
  readonly weight: View;
  /** What it makes, or its gradient. */
  readonly y: View;
  readonly geometry: Geometry;
}

/** Ways that may have a real kernel, the most wanted first; "ref" in a kernel's name means a plain loop. */
export function waysOf(space: Workspace, { weight, y, geometry }: Sizes): Way[] {
  const any = () => "any" as const;
  const threads = space.pieces(y.shape[0] ?? 1);
  const direct = typesOf(space).flatMap((type) =>
    [inOrder(channelsLast), any].map((strides): Way => ({ type, strides, algorithm: "direct", pieces: threads })),
  );
  const pieces = tilePieces(threads, weight, y);
  if (space.precision !== "float32" || !isEven(geometry) || !isSooner(weight, y, pieces)) return direct;
  return [{ type: "f32", strides: any, algorithm: "winograd", pieces }, ...direct];
}

/** Winograd's algorithm makes tiles of 4 x 4 results from tiles of 6 x 6 numbers. */
const [tile, numbersOfTile] = [4, 36];
const tilesOf = ({ shape: [, , height = 1, width = 1] }: View) => Math.ceil(height / tile) * Math.ceil(width / tile);

/**
 * What Winograd's algorithm takes, in the time of a multiply-add: a number of a weight's tile, which is made anew for every
 * piece, and a number of an image's tile, the change of layout with it. Measured on a core of an AMD EPYC with AVX-512 (Zen 4), where
 * it foretells the time of ten layers of 32 to 512 channels, 2 to 32 pixels and 4 to 128 images within 15 %. Of a single image it
 * expects up to half as much again as it takes; direct kernels are sooner by more than that.
 */
const tileCosts = { weight: 52, image: 26 } as const;
/** It must be sooner by so much. */
const margin = 0.85;

/** It saves multiplications where there are channels and images enough to pay for the tiles. */
function isSooner({ shape: [out = 1, inner = 1, rows = 1, columns = 1] }: View, y: View, pieces: number): boolean {
  const [batch = 1, , height = 1, width = 1] = y.shape;
  const images = batch / pieces;
  const direct = rows * columns * height * width * images * inner * out;
  const tiles = tilesOf(y) * images;
  const { weight, image } = tileCosts;
  return numbersOfTile * (tiles * inner * out + weight * inner * out + image * tiles * (inner + out)) < margin * direct;
}

/**
 * oneDNN 2.6's Winograd gradients of images are wrong where an image is padded on one side and not on the other: found by 1,400
 * random convolutions against onnxruntime.
 */
function isEven({ before, after }: Geometry): boolean {
  return before.every((length, axis) => length === after[axis]);
}

/** What a core has of the caches: measured, on two cores at work, 4 to 16 images of most layers. */
const tileBytes = 5e6;

/**
 * The batch in pieces whose tiles stay in cache, which makes gradients of weights up to a third faster. A piece brings the
 * weights into tiles anew, so its images must outweigh them.
 */
function tilePieces(pieces: number, weight: View, y: View): number {
  const [batch = 1] = y.shape;
  const [out = 1, inner = 1] = weight.shape;
  const image = 4 * numbersOfTile * tilesOf(y) * (inner + out);
  const most = Math.max(tileBytes, 2 * 4 * numbersOfTile * inner * out) / image;
  let rounds = 1;
  while (batch / (pieces * rounds) > most || batch % (pieces * rounds) !== 0)
    if (pieces * ++rounds > batch) return pieces;
  return pieces * rounds;
}

/**
 * oneDNN 3.7 gets windows at the padded ends of a row wrong where an image has one channel and a stride: found by 16,000
 * random convolutions against nested loops. 2.6 had all of them right.
 */
export function isWrong({ kernel }: Choice, image: View, { strides }: Geometry): boolean {
  return kernel.startsWith("brg_conv_fwd") && image.shape[1] === 1 && strides[1] !== 1;
}
