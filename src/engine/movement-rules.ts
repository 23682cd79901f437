import { materialise, type Value } from "./broadcasts.ts";
import { dim } from "./nodes.ts";
import { inType, must, type Rule, resultType } from "./operands.ts";
import type { Program } from "./program.ts";

export const pad: Rule = (program, [x], { params }) => {
  const width = params.width as readonly (readonly [number, number])[];
  const { shape } = must(x);
  const padded = width.flatMap(([before, after], axis) => (before || after ? [axis] : []));
  return {
    node: program.pad(
      materialise(program, must(x), padded),
      width.map(([before]) => before),
      width.map(([, after]) => after),
    ),
    shape: shape.map((length, axis) => length + (width[axis]?.[0] ?? 0) + (width[axis]?.[1] ?? 0)),
  };
};

export const shrink: Rule = (program, [x], { params }) =>
  slice(program, must(x), params.slice as readonly (readonly [number, number])[]);

function slice(program: Program, { node }: Value, bounds: readonly (readonly [number, number])[]): Value {
  const real = bounds.map(([start, end], axis) =>
    dim(node, axis) === 1 ? [0, Math.min(1, end - start)] : [start, end],
  );
  return {
    node: program.slice(
      node,
      real.map(([start]) => start ?? 0),
      real.map(([, end]) => end ?? 0),
    ),
    shape: bounds.map(([start, end]) => end - start),
  };
}

export const split: Rule = (program, [x], { params }) => {
  const { axis, sizes } = params as { axis: number; sizes: readonly number[] };
  let start = 0;
  return sizes.map((size) => {
    const bounds = must(x).shape.map((length, i): [number, number] =>
      i === axis ? [start, start + size] : [0, length],
    );
    start += size;
    return slice(program, must(x), bounds);
  });
};

export const concatenate: Rule = (program, given, equation) => {
  const axis = equation.params.axis as number;
  const inputs = given.map((input) => inType(program, input, resultType(equation)));
  const head = must(inputs[0]);
  const real = head.shape.map((_, i) => i).filter((i) => i === axis || inputs.some(({ node }) => dim(node, i) !== 1));
  const parts = inputs.map((input) => materialise(program, input, real));
  const total = inputs.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
  return { node: program.concat(parts, axis), shape: head.shape.toSpliced(axis, 1, total) };
};

export const flip: Rule = (program, [x], { params }) => ({
  node: program.flip(must(x).node, params.axis as readonly number[]),
  shape: must(x).shape,
});
