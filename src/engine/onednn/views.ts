/** Bytes that steps read and write: a part of the arena, whose place the planner chooses. */
export interface Block {
  readonly name: string;
  /** In elements. */
  readonly length: number;
  /** Bytes of an element: 4, or 2 where float32 values are kept as bf16. */
  readonly width: Width;
  /** Byte address within the arena, once planned. */
  address: number;
}

export type Width = 2 | 4;

/** A tensor somewhere in a buffer: element (i, j, ...) lies at offset + i * strides[0] + j * strides[1] + ... */
export interface View {
  readonly buffer: Block;
  readonly offset: number;
  readonly shape: readonly number[];
  /** In elements; 0 along axes of length 1 and along those that are repeated. */
  readonly strides: readonly number[];
}

/** Strides of a dense tensor whose axes lie in memory in the given order, outermost first. */
export function denseStrides(shape: readonly number[], order: readonly number[] = shape.map((_, i) => i)): number[] {
  const strides = shape.map(() => 0);
  let step = 1;
  for (const axis of order.toReversed()) {
    if (shape[axis] !== 1) strides[axis] = step;
    step *= shape[axis] ?? 1;
  }
  return strides;
}

export function view(buffer: Block, shape: readonly number[], strides: readonly number[], offset = 0): View {
  return { buffer, offset, shape, strides: strides.map((stride, axis) => (shape[axis] === 1 ? 0 : stride)) };
}

export const sameStrides = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((stride, i) => stride === b[i]);

/** The view's axes as they lie in memory, outermost first; axes of one element stay where they stand. */
export function memoryOrder({ shape, strides }: Pick<View, "shape" | "strides">): number[] {
  const moved = shape.map((_, axis) => axis).filter((axis) => shape[axis] !== 1);
  const sorted = moved.toSorted((a, b) => Math.abs(strides[b] ?? 0) - Math.abs(strides[a] ?? 0) || a - b);
  let next = 0;
  return shape.map((length, axis) => (length === 1 ? axis : (sorted[next++] ?? axis)));
}

/** No gaps, no repetition, nothing backwards. */
export function isDense(given: View): boolean {
  return sameStrides(given.strides, denseStrides(given.shape, memoryOrder(given)));
}

export function transposed({ buffer, offset, shape, strides }: View, perm: readonly number[]): View {
  const along = (list: readonly number[]) => perm.map((axis) => list[axis] ?? 0);
  return view(buffer, along(shape), along(strides), offset);
}

export function sliced(
  given: View,
  shape: readonly number[],
  starts: readonly number[],
  steps: readonly number[],
): View {
  const offset = starts.reduce((sum, start, axis) => sum + start * (given.strides[axis] ?? 0), given.offset);
  return view(
    given.buffer,
    shape,
    given.strides.map((stride, axis) => stride * (steps[axis] ?? 1)),
    offset,
  );
}

/** A view in equal pieces along an axis. */
export function cut(given: View, axis: number, pieces: number): [View, ...View[]] {
  if (pieces === 1) return [given];
  const length = (given.shape[axis] ?? 1) / pieces;
  const shape = given.shape.with(axis, length);
  const steps = shape.map(() => 1);
  const piece = (i: number) =>
    sliced(
      given,
      shape,
      shape.map((_, other) => (other === axis ? i * length : 0)),
      steps,
    );
  return [piece(0), ...Array.from({ length: pieces - 1 }, (_, i) => piece(i + 1))];
}

export function flipped(given: View, axes: readonly number[]): View {
  const last = (axis: number) => ((given.shape[axis] ?? 1) - 1) * (given.strides[axis] ?? 0);
  return view(
    given.buffer,
    given.shape,
    given.strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride)),
    axes.reduce((sum, axis) => sum + last(axis), given.offset),
  );
}

export function expanded(given: View, shape: readonly number[]): View {
  return { ...given, shape };
}

/** The same elements under another shape, or undefined where no strides can express it. */
export function reshaped(given: View, shape: readonly number[]): View | undefined {
  const from = given.shape.map((length, axis) => ({ length, stride: given.strides[axis] ?? 0 }));
  const axes = from.filter(({ length }) => length !== 1);
  const strides: number[] = [];
  let [next, rest, step] = [0, 1, 0];
  // From the innermost axis outwards: each new axis is cut from a run of old ones that lie one within the other.
  const inward = axes.toReversed();
  for (const length of shape.toReversed()) {
    if (length === 1) {
      strides.push(0);
      continue;
    }
    if (rest === 1) {
      const axis = inward[next++];
      if (axis === undefined) return undefined;
      [rest, step] = [axis.length, axis.stride];
    }
    strides.push(step);
    let wanted = length;
    while (wanted > rest) {
      if (wanted % rest !== 0) return undefined;
      wanted /= rest;
      const axis = inward[next++];
      if (axis === undefined || axis.stride !== step * rest) return undefined;
      [rest, step] = [axis.length, axis.stride];
    }
    if (rest % wanted !== 0) return undefined;
    rest /= wanted;
    step *= wanted;
  }
  return view(given.buffer, shape, strides.toReversed(), given.offset);
}

/** Axes of a space by a view's strides, widest first. */
export function byStride(space: readonly number[], { strides }: View): number[] {
  return space.map((_, axis) => axis).sort((a, b) => Math.abs(strides[b] ?? 0) - Math.abs(strides[a] ?? 0) || a - b);
}
