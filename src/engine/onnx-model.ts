import type { TensorData } from "../base/index.ts";
import { type ElementType, elementTypes, modelProto } from "./onnx-schema.ts";

export type Attribute = number | string | readonly number[] | { readonly float: number };

export interface OnnxNode {
  readonly op: string;
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whole numbers become INT, arrays INTS, strings STRING, { float } FLOAT. */
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface OnnxValue {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** The first axis has this name instead of a length, and may be of any. */
  readonly batch?: string;
}

export interface Initializer extends OnnxValue {
  readonly data: TensorData[keyof TensorData] | BigInt64Array;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers: readonly Initializer[];
}

/** The bytes of an ONNX model for `graph`, with words about it. */
export function encodeModel(graph: OnnxGraph, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const domains = [...new Set(graph.nodes.map((node) => node.domain ?? ""))];
  return modelProto
    .encode({
      irVersion: 10,
      producerName: "carryover",
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      opsetImport: domains.map((domain) => ({ domain, version: domain === "" ? 21 : 1 })),
      graph: {
        name: "carryover",
        node: graph.nodes.map((node, index) => ({
          input: node.inputs,
          output: node.outputs,
          name: `${node.op}_${index}`,
          opType: node.op,
          domain: node.domain ?? "",
          attribute: Object.entries(node.attributes ?? {}).map(encodeAttribute),
        })),
        initializer: graph.initializers.map(({ name, type, shape, data }) => ({
          name,
          dims: shape,
          dataType: elementTypes[type],
          rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
        })),
        input: graph.inputs.map(encodeValue),
        output: graph.outputs.map(encodeValue),
      },
    })
    .finish();
}

function encodeAttribute([name, value]: [string, Attribute]): object {
  if (typeof value === "number") return { name, i: value, type: 2 };
  if (typeof value === "string") return { name, s: new TextEncoder().encode(value), type: 3 };
  if ("float" in value) return { name, f: value.float, type: 1 };
  return { name, ints: value, type: 7 };
}

function encodeValue({ name, type, shape, batch }: OnnxValue): object {
  const dim = shape.map((length, axis) => (axis === 0 && batch ? { dimParam: batch } : { dimValue: length }));
  return { name, type: { tensorType: { elemType: elementTypes[type], shape: { dim } } } };
}
