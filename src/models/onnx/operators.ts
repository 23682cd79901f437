import { InputError, type Tensor } from "../../base/index.ts";
import { type FileNode, lax, maxPool, np, relu, type Traced } from "../../engine/index.ts";
import { hostOperators, isConstant } from "./host-operators.ts";

/** What a name stands for while a graph is lifted: a traced array, or a constant of the file that steers shapes. */
export type Lifted = Traced | Tensor;

export interface Applied {
  readonly node: FileNode;
  readonly inputs: readonly (Lifted | undefined)[];
  /** The batch that the file was written for; undefined for any. */
  readonly fileBatch: number | undefined;
}

type Operator = (applied: Applied) => Lifted;

const input = ({ node, inputs }: Applied, at: number): Traced => {
  const found = inputs[at];
  if (found === undefined)
    throw new InputError(`operator ${node.op} "${node.name}": expected input ${at + 1}, got none`);
  return traced(found);
};

export const traced = (value: Lifted): Traced =>
  isConstant(value) ? np.reshape(np.array([...value.data]), [...value.shape]) : value;

/** Numbers that must be known while tracing: of an input, else of an attribute. */
function numbers({ node, inputs }: Applied, at: number, attribute: string): number[] | undefined {
  const given = inputs[at];
  if (given !== undefined && isConstant(given)) return [...given.data];
  if (given !== undefined) throw unlifted(node, "whose shape depends on the image");
  const named = node.attributes[attribute];
  if (named === undefined) return undefined;
  return typeof named === "number" ? [named] : Array.isArray(named) ? [...named] : undefined;
}

const attribute = ({ attributes }: FileNode, name: string, otherwise: number): number =>
  typeof attributes[name] === "number" ? (attributes[name] as number) : otherwise;
const list = ({ attributes }: FileNode, name: string, otherwise: readonly number[]): readonly number[] =>
  Array.isArray(attributes[name]) ? (attributes[name] as readonly number[]) : otherwise;

/** One sentence that names what cannot be lifted. */
export const unlifted = ({ op, name }: FileNode, why = ""): InputError =>
  new InputError(
    `operator ${op}${name ? ` ("${name}")` : ""}${why ? ` ${why}` : ""} cannot be lifted into a differentiable function`,
  );

const elementwise =
  (apply: (a: Traced, b: Traced) => Traced): Operator =>
  (applied) =>
    apply(input(applied, 0), input(applied, 1));

const unary =
  (apply: (x: Traced) => Traced): Operator =>
  (applied) =>
    apply(input(applied, 0));

/** [top, left, bottom, right] of a convolution or a pooling. */
function padsOf(node: FileNode): readonly [number, number, number, number] {
  const how = node.attributes.auto_pad;
  if (how !== undefined && how !== "NOTSET" && how !== "VALID") throw unlifted(node, `with auto_pad ${how}`);
  const [top = 0, left = 0, bottom = 0, right = 0] = list(node, "pads", [0, 0, 0, 0]);
  return [top, left, bottom, right];
}

/** A square pooling's numbers. */
function poolOf(node: FileNode): { size: number; stride: number; padding: number } {
  const [size = 1, width = size] = list(node, "kernel_shape", []);
  const [stride = 1, across = stride] = list(node, "strides", [1, 1]);
  const pads = padsOf(node);
  const dilated = list(node, "dilations", [1]).some((step) => step !== 1);
  if (size !== width || stride !== across || dilated || attribute(node, "ceil_mode", 0) !== 0)
    throw unlifted(node, "with windows that are not square and plain");
  if (pads.some((pad) => pad !== pads[0])) throw unlifted(node, `with pads [${pads}]`);
  return { size, stride, padding: pads[0] };
}

function convolution(applied: Applied): Traced {
  const { node } = applied;
  const [x, weight] = [input(applied, 0), input(applied, 1)];
  if (weight.shape.length !== 4) throw unlifted(node, `in ${weight.shape.length - 2} dimensions`);
  const [top, left, bottom, right] = padsOf(node);
  const y = lax.convGeneralDilated(
    x,
    weight,
    [...list(node, "strides", [1, 1])],
    [
      [top, bottom],
      [left, right],
    ],
    { featureGroupCount: attribute(node, "group", 1), rhsDilation: [...list(node, "dilations", [1, 1])] },
  );
  return applied.inputs[2] === undefined ? y : np.add(y, np.reshape(input(applied, 2), [1, -1, 1, 1]));
}

function averagePool(applied: Applied): Traced {
  const x = input(applied, 0);
  const { size, stride, padding } = poolOf(applied.node);
  const sides: [number, number] = [padding, padding];
  const sum = (image: Traced) =>
    lax.reduceWindow(
      padding === 0 ? image : np.pad(image, [[0, 0], [0, 0], sides, sides]),
      (window) => np.sum(window),
      [1, 1, size, size],
      [1, 1, stride, stride],
    );
  if (padding === 0 || attribute(applied.node, "count_include_pad", 0) === 1) return np.multiply(sum(x), 1 / size ** 2);
  return np.divide(sum(x), sum(np.ones([1, 1, ...x.shape.slice(2)])));
}

function batchNormalisation(applied: Applied): Traced {
  const [x, scale, bias, mean, variance] = [0, 1, 2, 3, 4].map((at) => input(applied, at)) as [
    Traced,
    Traced,
    Traced,
    Traced,
    Traced,
  ];
  const across = (vector: Traced) => np.reshape(vector, [1, -1, ...x.shape.slice(2).map(() => 1)]);
  const epsilon = attribute(applied.node, "epsilon", 1e-5);
  const factor = np.multiply(scale, np.reciprocal(np.sqrt(np.add(variance, epsilon))));
  return np.add(np.multiply(x, across(factor)), across(np.subtract(bias, np.multiply(mean, factor))));
}

function gemm(applied: Applied): Traced {
  const { node } = applied;
  const side = (at: number, flag: string) =>
    attribute(node, flag, 0) ? np.transpose(input(applied, at)) : input(applied, at);
  const product = np.multiply(np.matmul(side(0, "transA"), side(1, "transB")), attribute(node, "alpha", 1));
  if (applied.inputs[2] === undefined) return product;
  return np.add(product, np.multiply(input(applied, 2), attribute(node, "beta", 1)));
}

function reshape(applied: Applied): Lifted {
  const { node, fileBatch } = applied;
  const x = input(applied, 0);
  const wanted = numbers(applied, 1, "shape");
  if (!wanted) throw unlifted(node, "without a shape");
  const shape = wanted.map((length, axis) => {
    if (length === 0 && attribute(node, "allowzero", 0) === 0) return x.shape[axis] ?? 0;
    // A file written for one batch serves any, as long as its reshapes keep the batch in front.
    return axis === 0 && length === fileBatch ? (x.shape[0] ?? 0) : length;
  });
  return np.reshape(x, shape);
}

function flatten(applied: Applied): Traced {
  const x = input(applied, 0);
  const axis = attribute(applied.node, "axis", 1);
  const at = axis < 0 ? axis + x.shape.length : axis;
  return np.reshape(x, [x.shape.slice(0, at).reduce((a, b) => a * b, 1), -1]);
}

function clip(applied: Applied): Traced {
  const [low] = numbers(applied, 1, "min") ?? [];
  const [high] = numbers(applied, 2, "max") ?? [];
  let x = input(applied, 0);
  if (low === 0) x = relu(x);
  else if (low !== undefined) x = np.maximum(x, low);
  return high === undefined ? x : np.minimum(x, high);
}

function reduction(apply: (x: Traced, axes: number[], keepdims: boolean) => Traced): Operator {
  return (applied) => {
    const x = input(applied, 0);
    const axes = numbers(applied, 1, "axes") ?? x.shape.map((_, axis) => axis);
    return apply(
      x,
      axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis)),
      attribute(applied.node, "keepdims", 1) === 1,
    );
  };
}

function concatenated(applied: Applied): Traced {
  const parts = applied.inputs.map((_, at) => input(applied, at));
  return np.concatenate(parts, attribute(applied.node, "axis", 0));
}

function padded(applied: Applied): Traced {
  const { node } = applied;
  const x = input(applied, 0);
  const pads = numbers(applied, 1, "pads") ?? [];
  const [value = 0] = numbers(applied, 2, "value") ?? [];
  const plain = node.attributes.mode === undefined || node.attributes.mode === "constant";
  if (!plain || value !== 0 || pads.length !== 2 * x.shape.length || pads.some((pad) => pad < 0))
    throw unlifted(node, "with anything but zeros around");
  return np.pad(
    x,
    x.shape.map((_, axis): [number, number] => [pads[axis] ?? 0, pads[axis + x.shape.length] ?? 0]),
  );
}

/** Every operator that becomes a differentiable function, by its name in ONNX; shapes of constants are worked out beside. */
export const operators: Readonly<Record<string, Operator>> = {
  ...hostOperators,
  Conv: convolution,
  Gemm: gemm,
  MatMul: elementwise((a, b) => np.matmul(a, b)),
  BatchNormalization: batchNormalisation,
  Relu: unary(relu),
  LeakyRelu: (applied) => {
    const x = input(applied, 0);
    const slope = attribute(applied.node, "alpha", 0.01);
    return np.add(np.multiply(x, slope), np.multiply(relu(x), 1 - slope));
  },
  Sigmoid: unary((x) => np.reciprocal(np.add(1, np.exp(np.negative(x))))),
  Clip: clip,
  MaxPool: (applied) => {
    const { size, stride, padding } = poolOf(applied.node);
    return maxPool(input(applied, 0), size, { stride, padding });
  },
  AveragePool: averagePool,
  GlobalAveragePool: unary((x) => np.mean(x, [2, 3], { keepdims: true })),
  Add: elementwise((a, b) => np.add(a, b)),
  Sub: elementwise((a, b) => np.subtract(a, b)),
  Mul: elementwise((a, b) => np.multiply(a, b)),
  Div: elementwise((a, b) => np.divide(a, b)),
  Sqrt: unary((x) => np.sqrt(x)),
  Reciprocal: unary((x) => np.reciprocal(x)),
  Flatten: flatten,
  Reshape: reshape,
  Transpose: (applied) => {
    const x = input(applied, 0);
    return np.transpose(x, [...list(applied.node, "perm", x.shape.map((_, axis) => axis).reverse())]);
  },
  ReduceMean: reduction((x, axes, keepdims) => np.mean(x, axes, { keepdims })),
  ReduceSum: reduction((x, axes, keepdims) => np.sum(x, axes, { keepdims })),
  Pad: padded,
  Concat: (applied) =>
    applied.inputs.every((each) => each !== undefined && isConstant(each))
      ? (hostOperators.Concat as Operator)(applied)
      : concatenated(applied),
};
