import { materialise, type Value } from "./broadcasts.ts";
import { broadcast, dim, type Node } from "./nodes.ts";
import type { Program } from "./program.ts";
import type { Equation } from "./trace.ts";

interface GatherParams {
  readonly axis: readonly number[];
  readonly outDim: number;
}

/** Indexes `axis` of x with index arrays that broadcast together; their axes appear at `outDim` of the result. */
export function gather(
  program: Program,
  x: Value,
  indices: readonly Value[],
  params: Readonly<Record<string, unknown>>,
): Value {
  const { axis, outDim } = params as unknown as GatherParams;
  const { flat, shape: indexShape } = linearIndex(
    program,
    indices,
    axis.map((a) => x.shape[a] ?? 1),
  );
  const rest = x.shape.map((_, a) => a).filter((a) => !axis.includes(a));
  const restShape = rest.map((a) => x.shape[a] ?? 1);
  const rows = program.reshape(program.transpose(materialise(program, x), [...axis, ...rest]), [
    axis.reduce((product, a) => product * (x.shape[a] ?? 1), 1),
    restShape.reduce((a, b) => a * b, 1),
  ]);
  const picked = program.reshape(program.gatherRows(rows, flat), [...indexShape, ...restShape]);
  const perm = placed(indexShape.length, restShape.length, outDim);
  const node = program.transpose(picked, perm);
  return { node, shape: node.shape };
}

/** The transpose of `gather`: zeros with the updates added where they were taken. */
export function scatter(program: Program, updates: Value, indices: readonly Value[], equation: Equation): Value {
  const { axis, outDim, shape, op } = equation.params as unknown as GatherParams & { shape: number[]; op: string };
  if (op !== "add" && op !== "Add") throw new Error(`the engine scatters by adding only, in\n${equation}`);
  const { flat, shape: indexShape } = linearIndex(
    program,
    indices,
    axis.map((a) => shape[a] ?? 1),
  );
  const rest = shape.map((_, a) => a).filter((a) => !axis.includes(a));
  const restShape = rest.map((a) => shape[a] ?? 1);
  const perm = placed(indexShape.length, restShape.length, outDim);
  const front = program.transpose(
    materialise(program, updates),
    perm.map((_, i) => perm.indexOf(i)),
  );
  const width = restShape.reduce((a, b) => a * b, 1);
  const rows = program.reshape(front, [dim(flat, 0), width]);
  const total = axis.reduce((product, a) => product * (shape[a] ?? 1), 1);
  const summed = program.scatterAddRows(rows, flat, total);
  const order = [...axis, ...rest];
  const grid = program.reshape(
    summed,
    order.map((a) => shape[a] ?? 1),
  );
  const node = program.transpose(
    grid,
    shape.map((_, a) => order.indexOf(a)),
  );
  return { node, shape };
}

/** Several index arrays as one, in row-major order of the indexed axes. */
function linearIndex(
  program: Program,
  indices: readonly Value[],
  lengths: readonly number[],
): { flat: Node; shape: readonly number[] } {
  const rank = Math.max(...indices.map(({ shape }) => shape.length));
  const shape = indices
    .map((index) => [...new Array<number>(rank - index.shape.length).fill(1), ...index.shape])
    .reduce((a, b) => broadcast(a, b));
  let flat: Node | undefined;
  for (const [i, index] of indices.entries()) {
    const node = program.withRank(program.cast(index.node, "int32"), rank);
    const length = program.scalar(lengths[i] ?? 1, "int32", rank);
    flat = flat === undefined ? node : program.binary("add", program.binary("mul", flat, length), node);
  }
  if (flat === undefined) throw new Error("gather: no indices");
  const count = shape.reduce((a, b) => a * b, 1);
  return { flat: program.reshape(program.expand(flat, shape), [count]), shape };
}

/** The permutation that moves `inner` leading axes behind `outDim` of the `rest` that follow them. */
function placed(inner: number, rest: number, outDim: number): number[] {
  const restAxes = Array.from({ length: rest }, (_, i) => inner + i);
  const innerAxes = Array.from({ length: inner }, (_, i) => i);
  return [...restAxes.slice(0, outDim), ...innerAxes, ...restAxes.slice(outDim)];
}
