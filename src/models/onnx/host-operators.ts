import { InputError, sizeOf, type Tensor, tensor } from "../../base/index.ts";
import type { Applied, Lifted } from "./operators.ts";

/**
 * Operators on constants and shapes, such as the chain Shape, Gather, Unsqueeze, Concat that exporters write before a
 * Reshape: worked out while the graph is lifted, since shapes are known then.
 */
export const hostOperators: Readonly<Record<string, (applied: Applied) => Lifted>> = {
  Identity: (applied) => first(applied),
  /** In evaluation it does nothing. */
  Dropout: (applied) => first(applied),
  Constant: ({ node: { attributes, name } }) => {
    const { value, value_float: float, value_int: int, value_ints: ints } = attributes;
    if (value !== undefined && typeof value === "object" && "dtype" in value) return value;
    if (typeof float === "number") return tensor("float32", [], Float32Array.of(float));
    if (typeof int === "number") return tensor("int32", [], Int32Array.of(int));
    if (Array.isArray(ints)) return tensor("int32", [ints.length], Int32Array.from(ints));
    throw new InputError(`operator Constant ("${name}"): expected a tensor or numbers, got something else`);
  },
  Shape: (applied) => {
    const { shape } = first(applied);
    return tensor("int32", [shape.length], Int32Array.from(shape));
  },
  Gather: (applied) => {
    const [from, indices] = [constant(applied, 0), constant(applied, 1)];
    const at = (index: number) => (index < 0 ? index + from.data.length : index);
    if (from.shape.length !== 1) throw notConstant(applied);
    return like(
      from,
      indices.shape,
      [...indices.data].map((index) => from.data[at(index)] ?? 0),
    );
  },
  Unsqueeze: (applied) => reshaped(applied, (shape) => [...shape, 1]),
  Squeeze: (applied) => reshaped(applied, (shape) => shape.filter((length) => length !== 1)),
  Cast: (applied) => constant(applied, 0),
  Concat: (applied) => {
    const parts = applied.inputs.map((_, at) => constant(applied, at));
    const all = parts.flatMap(({ data }) => [...data]);
    return like(parts[0] as Tensor, [all.length], all);
  },
};

/** Numbers that are known while a graph is lifted; a traced array has none yet. */
export const isConstant = (value: Lifted): value is Tensor => "data" in value && ArrayBuffer.isView(value.data);

function first(applied: Applied): Lifted {
  const [found] = applied.inputs;
  if (found === undefined) throw notConstant(applied);
  return found;
}

function constant(applied: Applied, at: number): Tensor {
  const found = applied.inputs[at];
  if (found === undefined || !isConstant(found)) throw notConstant(applied);
  return found;
}

function reshaped(applied: Applied, change: (shape: readonly number[]) => number[]): Tensor {
  const from = constant(applied, 0);
  const shape = from.data.length === 1 && from.shape.length === 0 ? change([]) : change(from.shape);
  return like(from, sizeOf(shape) === from.data.length ? shape : [from.data.length], [...from.data]);
}

function like({ dtype }: Tensor, shape: readonly number[], values: readonly number[]): Tensor {
  return dtype === "float32"
    ? tensor("float32", shape, Float32Array.from(values))
    : tensor("int32", shape, Int32Array.from(values));
}

const notConstant = ({ node }: Applied) =>
  new InputError(
    `operator ${node.op}${node.name ? ` ("${node.name}")` : ""} of anything but constants cannot be lifted into a differentiable function`,
  );
