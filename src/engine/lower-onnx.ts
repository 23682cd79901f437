import type { Attribute, ElementType, Initializer, OnnxGraph, OnnxNode, OnnxValue } from "./onnx-model.ts";
import { type ConvGeometry, dim, first, listOf, type Node, scalarOf, second } from "./program.ts";

/** Collects ONNX nodes and hands out names; integer tensors that steer shapes are shared. */
export class GraphWriter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers = new Map<string, Initializer>();
  #temporaries = 0;

  /** Adds a node with one output and returns the output's name. */
  emit(op: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}, name?: string): string {
    const output = name ?? `t${this.#temporaries++}`;
    this.nodes.push({ op, inputs, outputs: [output], attributes });
    return output;
  }

  integers(values: readonly number[]): string {
    const name = `i64_${values.join("_")}`;
    const data = BigInt64Array.from(values.map(BigInt));
    this.initializers.set(name, { name, type: "int64", shape: [values.length], data });
    return name;
  }

  scalar(value: number): string {
    const name = `f32_${value}`;
    this.initializers.set(name, { name, type: "float32", shape: [], data: Float32Array.of(value) });
    return name;
  }
}

/** One ONNX graph (opset 21) for all nodes that `outputs` need. Inputs are named by their leaf number. */
export function lowerToOnnx(outputs: readonly Node[]): OnnxGraph {
  const graph = new GraphWriter();
  const order = reachable(outputs);
  const uses = countUses(order, outputs);
  const inputs: OnnxValue[] = [];
  const biased = new Set(order.flatMap((node) => (biasOf(node, uses) ? [biasOf(node, uses)?.conv] : [])));
  for (const node of order) {
    if (node.op === "input") inputs.push({ name: nameOf(node), type: node.type, shape: node.shape });
    else if (node.op === "constant" && node.data)
      graph.initializers.set(nameOf(node), { name: nameOf(node), type: node.type, shape: node.shape, data: node.data });
    else if (!biased.has(node)) lowerNode(graph, node, uses);
  }
  const results = outputs.map((node, i): OnnxValue => {
    const name = graph.emit("Identity", [nameOf(node)], {}, `output${i}`);
    return { name, type: node.type, shape: node.shape };
  });
  return { nodes: graph.nodes, initializers: [...graph.initializers.values()], inputs, outputs: results };
}

const nameOf = (node: Node): string => (node.op === "input" ? `input${node.attributes.index}` : `n${node.id}`);

const simple: Partial<Record<Node["op"], string>> = {
  neg: "Neg",
  reciprocal: "Reciprocal",
  exp: "Exp",
  log: "Log",
  sqrt: "Sqrt",
  sin: "Sin",
  cos: "Cos",
  asin: "Asin",
  atan: "Atan",
  erf: "Erf",
  floor: "Floor",
  ceil: "Ceil",
  relu: "Relu",
  not: "Not",
  add: "Add",
  sub: "Sub",
  mul: "Mul",
  div: "Div",
  max: "Max",
  min: "Min",
  and: "And",
  or: "Or",
  xor: "Xor",
  less: "Less",
  lessEqual: "LessOrEqual",
  equal: "Equal",
  where: "Where",
  matmul: "MatMul",
};

const onnxType: Readonly<Record<ElementType, number>> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 };
const reductions: Readonly<Record<string, string>> = {
  sum: "ReduceSum",
  max: "ReduceMax",
  min: "ReduceMin",
  prod: "ReduceProd",
};

function lowerNode(graph: GraphWriter, node: Node, uses: ReadonlyMap<Node, number>): void {
  const name = nameOf(node);
  const inputs = node.inputs.map(nameOf);
  const [x = "", y = ""] = inputs;
  const bias = biasOf(node, uses);
  if (bias) {
    const { conv } = bias;
    const flat = graph.emit("Reshape", [nameOf(bias.bias), graph.integers([-1])]);
    graph.emit("Conv", [...conv.inputs.map(nameOf), flat], convAttributes(conv), name);
    return;
  }
  const op = simple[node.op];
  if (op !== undefined) {
    graph.emit(op, inputs, {}, name);
    return;
  }
  switch (node.op) {
    case "step":
      graph.emit("Cast", [graph.emit("Greater", [x, graph.scalar(0)])], { to: onnxType.float32 }, name);
      return;
    case "cast":
      graph.emit("Cast", [x], { to: onnxType[node.type] }, name);
      return;
    case "mod":
      graph.emit("Mod", inputs, { fmod: 1 }, name);
      return;
    case "reduce":
      graph.emit(
        reductions[String(node.attributes.kind)] ?? "",
        [x, graph.integers(listOf(node, "axes"))],
        { keepdims: 1 },
        name,
      );
      return;
    case "reshape":
      graph.emit("Reshape", [x, graph.integers(node.shape)], {}, name);
      return;
    case "transpose":
      graph.emit("Transpose", [x], { perm: listOf(node, "perm") }, name);
      return;
    case "expand":
      graph.emit("Expand", [x, graph.integers(node.shape)], {}, name);
      return;
    case "slice":
      lowerSlice(graph, node, name, x);
      return;
    case "pad":
      graph.emit("Pad", [x, graph.integers([...listOf(node, "before"), ...listOf(node, "after")])], {}, name);
      return;
    case "concat":
      graph.emit("Concat", inputs, { axis: Number(node.attributes.axis) }, name);
      return;
    case "flip": {
      const axes = listOf(node, "axes");
      const all = (value: number) => graph.integers(axes.map(() => value));
      graph.emit("Slice", [x, all(-1), all(-(2 ** 31)), graph.integers(axes), all(-1)], {}, name);
      return;
    }
    case "gather":
      graph.emit("Gather", inputs, { axis: 0 }, name);
      return;
    case "scatterAdd": {
      const zeros = graph.emit("Expand", [graph.scalar(0), graph.integers(node.shape)]);
      const column = graph.emit("Unsqueeze", [graph.emit("Cast", [y], { to: onnxType.int64 }), graph.integers([1])]);
      graph.emit("ScatterND", [zeros, column, x], { reduction: "add" }, name);
      return;
    }
    case "sort":
    case "argsort":
      lowerSort(graph, node, name, x);
      return;
    case "conv":
      graph.emit("Conv", inputs, convAttributes(node), name);
      return;
    case "convInputGradient":
      lowerInputGradient(graph, node, name, x, y);
      return;
    case "convWeightGradient":
      lowerWeightGradient(graph, node, name, x, y);
      return;
    case "maxPool":
      graph.emit("MaxPool", [x], { kernel_shape: listOf(node, "window"), strides: listOf(node, "strides") }, name);
      return;
    default:
      throw new Error(`lowerToOnnx: no rule for ${node.op}`);
  }
}

const geometryOf = (node: Node): ConvGeometry => node.attributes as unknown as ConvGeometry;

function convAttributes(node: Node): Record<string, Attribute> {
  const { strides, padding, dilation, groups } = geometryOf(node);
  return { strides, pads: padding, dilations: dilation, group: groups };
}

/** ConvTranspose, whose output padding stands for rows that no window of the forward convolution reached. */
function lowerInputGradient(graph: GraphWriter, node: Node, name: string, y: string, weight: string): void {
  const { strides, padding, dilation } = geometryOf(node);
  const ends = [padding[2], padding[3]];
  graph.emit(
    "ConvTranspose",
    [y, weight],
    {
      strides,
      dilations: dilation,
      pads: [padding[0], padding[1], ...ends.map((end) => Math.max(0, end))],
      output_padding: ends.map((end) => Math.max(0, -end)),
    },
    name,
  );
}

/**
 * One convolution whose kernel is y, with the sum over the batch as its channel sum. For each kernel row the rows of x
 * that meet y are gathered into [batch, kernelRows * in, oh, w]; folding that to one image [1, batch, kernelRows * in *
 * oh, w] under a vertical stride of oh makes the output [1, out, kernelRows * in, kernelColumns]. onnxruntime then
 * unfolds the columns block by block in cache, which plain slices and products would write to memory nine times.
 */
function lowerWeightGradient(graph: GraphWriter, node: Node, name: string, x: string, y: string): void {
  const [images, gradient] = [first(node), second(node)];
  const { strides, dilation, padding } = geometryOf(node);
  const [batch, channels, height, width] = images.shape as [number, number, number, number];
  const [, out, oh, ow] = gradient.shape as [number, number, number, number];
  const [kh, kw] = node.attributes.kernel as readonly [number, number];
  const reach = (kh - 1) * dilation[0] + (oh - 1) * strides[0] + 1;
  const below = Math.max(0, reach - padding[0] - height);
  const padded =
    padding[0] > 0 || below > 0 ? graph.emit("Pad", [x, graph.integers([0, 0, padding[0], 0, 0, 0, below, 0])]) : x;
  const rows = Array.from({ length: kh }, (_, k) => {
    const start = k * dilation[0];
    const end = start + (oh - 1) * strides[0] + 1;
    if (kh === 1 && strides[0] === 1 && end === height) return padded;
    return graph.emit("Slice", [padded, ...[[start], [end], [2], [strides[0]]].map((list) => graph.integers(list))]);
  });
  const stacked = rows.length === 1 ? (rows[0] ?? "") : graph.emit("Concat", rows, { axis: 1 });
  const folded = graph.emit("Reshape", [stacked, graph.integers([1, batch, kh * channels * oh, width])]);
  const kernel = graph.emit("Transpose", [y], { perm: [1, 0, 2, 3] });
  const right = (kw - 1) * dilation[1] + (ow - 1) * strides[1] + 1 - width - padding[1];
  const cut =
    right < 0
      ? graph.emit("Slice", [folded, ...[[0], [width + right], [3]].map((list) => graph.integers(list))])
      : folded;
  const correlated = graph.emit("Conv", [cut, kernel], {
    kernel_shape: [oh, ow],
    strides: [oh, dilation[1]],
    dilations: [1, strides[1]],
    pads: [0, padding[1], 0, Math.max(0, right)],
  });
  const split = graph.emit("Reshape", [correlated, graph.integers([out, kh, channels, kw])]);
  graph.emit("Transpose", [split], { perm: [0, 2, 1, 3] }, name);
}

function lowerSlice(graph: GraphWriter, node: Node, name: string, x: string): void {
  const { starts, ends, steps } = node.attributes as Record<string, readonly number[]>;
  const axes = node.shape.map((_, axis) => axis).filter((axis) => dim(first(node), axis) !== node.shape[axis]);
  const of = (list: readonly number[] | undefined) => graph.integers(axes.map((axis) => list?.[axis] ?? 0));
  graph.emit("Slice", [x, of(starts), of(ends), graph.integers(axes), of(steps)], {}, name);
}

function lowerSort(graph: GraphWriter, node: Node, name: string, x: string): void {
  const last = node.shape.length - 1;
  const values = node.op === "sort" ? name : `${name}_values`;
  const indices = `${name}_indices`;
  const inputs = [x, graph.integers([dim(node, last)])];
  graph.nodes.push({
    op: "TopK",
    inputs,
    outputs: [values, indices],
    attributes: { axis: last, largest: 0, sorted: 1 },
  });
  if (node.op === "argsort") graph.emit("Cast", [indices], { to: onnxType.int32 }, name);
}

/** add(conv, b) with b [1, out, 1, 1] and no other reader of the convolution: the bias goes inside. */
function biasOf(node: Node, uses: ReadonlyMap<Node, number>): { conv: Node; bias: Node } | undefined {
  if (node.op !== "add") return undefined;
  for (const [conv, bias] of [
    [first(node), second(node)],
    [second(node), first(node)],
  ] as const) {
    const channels = conv.shape[1] ?? 0;
    if (
      conv.op === "conv" &&
      uses.get(conv) === 1 &&
      String(bias.shape) === `1,${channels},1,1` &&
      scalarOf(bias) === undefined
    )
      return { conv, bias };
  }
  return undefined;
}

/** All nodes the outputs need, inputs before users. */
function reachable(outputs: readonly Node[]): Node[] {
  const seen = new Set<Node>();
  const stack = [...outputs];
  while (stack.length > 0) {
    const node = stack.pop();
    if (node === undefined || seen.has(node)) continue;
    seen.add(node);
    stack.push(...node.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

function countUses(order: readonly Node[], outputs: readonly Node[]): Map<Node, number> {
  const uses = new Map<Node, number>();
  for (const node of [...order.flatMap(({ inputs }) => inputs), ...outputs]) uses.set(node, (uses.get(node) ?? 0) + 1);
  return uses;
}
