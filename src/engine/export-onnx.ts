import { leavesOf, type Tensor, type Tree, tensor } from "../base/index.ts";
import { foldConstants } from "./fold-constants.ts";
import { lowerToOnnx } from "./lower-onnx.ts";
import type { Traced } from "./numpy.ts";
import { encodeModel, type Initializer, type OnnxGraph, type OnnxValue } from "./onnx-model.ts";
import { recognise } from "./recognise.ts";
import { trace } from "./trace.ts";

/** A batch size that no layer has; where it stands in the traced graph, the batch is meant. */
const tracedBatch = 97;

export interface OnnxExport {
  /** [channels, height, width] of one image. */
  readonly imageShape: readonly number[];
  /** The names of what `fn` returns, in its order. */
  readonly outputs: readonly string[];
  /** Words kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * The bytes of an ONNX model (opset 21, standard operators, float32) of fn(frozen, images) with the frozen leaves as its
 * weights: input `images` [batch, ...imageShape] with any batch, outputs by their names.
 */
export async function encodeOnnx(
  fn: (...args: never[]) => Tree<Traced>,
  frozen: Tree<Tensor>,
  { imageShape, outputs, metadata }: OnnxExport,
): Promise<Uint8Array> {
  // Only its shape is read.
  const images = { ...tensor("float32", [0], new Float32Array()), shape: [tracedBatch, ...imageShape] };
  const traced = await trace(fn, [frozen, images]);
  const leaves = leavesOf(frozen);
  const baked = new Map(leaves.map((leaf, i) => [i, leaf] as const));
  const graph = lowerToOnnx(recognise(traced, baked).outputs, { block: 0 });
  const names = new Map([
    [`input${leaves.length}`, "images"],
    ...outputs.map((name, i) => [`output${i}`, name] as const),
  ]);
  return encodeModel(withAnyBatch(foldConstants(renamed(graph, names))), metadata);
}

function renamed(graph: OnnxGraph, names: ReadonlyMap<string, string>): OnnxGraph {
  const to = (name: string) => names.get(name) ?? name;
  return {
    nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(to), outputs: node.outputs.map(to) })),
    initializers: graph.initializers,
    inputs: graph.inputs.map((value) => ({ ...value, name: to(value.name) })),
    outputs: graph.outputs.map((value) => ({ ...value, name: to(value.name) })),
  };
}

/** The batch by name in inputs and outputs, and in reshapes as ONNX's 0, which keeps what is there. */
function withAnyBatch(graph: OnnxGraph): OnnxGraph {
  const named = (value: OnnxValue): OnnxValue =>
    value.shape[0] === tracedBatch ? { ...value, batch: "batch" } : value;
  const kept = (initializer: Initializer): Initializer => {
    if (!(initializer.data instanceof BigInt64Array)) return initializer;
    const lengths = initializer.data.map((length, i) => (i === 0 && length === BigInt(tracedBatch) ? 0n : length));
    if (lengths.includes(BigInt(tracedBatch)))
      throw new Error(`encodeOnnx: expected the batch in front, got a shape of [${initializer.data}]`);
    return { ...initializer, data: lengths };
  };
  return {
    nodes: graph.nodes,
    initializers: graph.initializers.map(kept),
    inputs: graph.inputs.map(named),
    outputs: graph.outputs.map(named),
  };
}
