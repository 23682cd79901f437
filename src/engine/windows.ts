import { materialise, type Value } from "./broadcasts.ts";
import { dim, type Node } from "./nodes.ts";
import type { Program } from "./program.ts";

interface PoolParams {
  readonly window: readonly number[];
  readonly strides: readonly number[];
}

/** [..., h, w] to its windows [..., oh, ow, wh, ww], over as many last axes as the window has. */
export function pool(program: Program, x: Value, params: Readonly<Record<string, unknown>>): Value {
  const { window, strides } = params as unknown as PoolParams;
  const node = materialise(program, x);
  const lead = node.shape.slice(0, node.shape.length - window.length);
  const size = counts(node.shape.slice(lead.length), window, strides);
  const parts = positions(window).map((position) => {
    const part = program.slice(
      node,
      [...lead.map(() => 0), ...position],
      [...lead, ...position.map((start, i) => start + ((size[i] ?? 1) - 1) * (strides[i] ?? 1) + 1)],
      [...lead.map(() => 1), ...strides],
    );
    return program.reshape(part, [...lead, ...size, 1]);
  });
  const stacked = program.concat(parts, lead.length + size.length);
  const shape = [...lead, ...size, ...window];
  const windows = program.reshape(stacked, shape);
  const isPlane = window.length === 4 && [...window.slice(0, 2), ...strides.slice(0, 2)].every((one) => one === 1);
  if (isPlane && node.type === "float32") program.rememberWindows(windows, node, lastTwo(window), lastTwo(strides));
  return { node: windows, shape };
}

/** The transpose of `pool`: windows are added back where they came from. */
export function poolTranspose(program: Program, x: Value, params: Readonly<Record<string, unknown>>): Value {
  const { inShape, window, strides } = params as unknown as PoolParams & { inShape: readonly number[] };
  const node = materialise(program, x);
  const lead = inShape.slice(0, inShape.length - window.length);
  const size = counts(inShape.slice(lead.length), window, strides);
  const rows = program.reshape(node, [...lead, ...size, window.reduce((a, b) => a * b, 1)]);
  const scattered = positions(window).map((position, k) => {
    const part = program.slice(rows, [...rows.shape.map(() => 0).slice(1), k], [...rows.shape.slice(0, -1), k + 1]);
    return place(program, program.reshape(part, [...lead, ...size]), position, strides, inShape);
  });
  return { node: scattered.reduce((sum, part) => program.binary("add", sum, part)), shape: inShape };
}

/** Spreads x by the strides and puts it at `position` in zeros of `shape`. */
function place(
  program: Program,
  x: Node,
  position: readonly number[],
  strides: readonly number[],
  shape: readonly number[],
): Node {
  const lead = shape.slice(0, shape.length - position.length);
  const size = x.shape.slice(lead.length);
  const split = program.reshape(x, [...lead, ...size.flatMap((length) => [length, 1])]);
  const gaps = program.pad(
    split,
    split.shape.map(() => 0),
    [...lead.map(() => 0), ...strides.flatMap((stride) => [0, stride - 1])],
  );
  const spread = program.reshape(gaps, [...lead, ...size.map((length, i) => length * (strides[i] ?? 1))]);
  const target = shape.slice(lead.length);
  const ends = spread.shape.map((length, axis) => {
    const i = axis - lead.length;
    return i < 0 ? length : Math.min(length, (target[i] ?? 0) - (position[i] ?? 0));
  });
  const cut = program.slice(
    spread,
    ends.map(() => 0),
    ends,
  );
  const before = [...lead.map(() => 0), ...position];
  return program.pad(
    cut,
    before,
    shape.map((length, axis) => length - (before[axis] ?? 0) - dim(cut, axis)),
  );
}

function counts(shape: readonly number[], window: readonly number[], strides: readonly number[]): number[] {
  return shape.map((length, i) => Math.floor((length - (window[i] ?? 1)) / (strides[i] ?? 1)) + 1);
}

const lastTwo = (list: readonly number[]): [number, number] => [list[2] ?? 1, list[3] ?? 1];

/** All index tuples below `lengths`, last index fastest. */
function positions(lengths: readonly number[]): number[][] {
  return lengths.reduce<number[][]>(
    (tuples, length) => tuples.flatMap((tuple) => Array.from({ length }, (_, i) => [...tuple, i])),
    [[]],
  );
}
