import protobuf from "protobufjs";
import type { TensorData } from "../base/index.ts";

/** Types of an ONNX tensor that we use, by the numbers of onnx.proto's TensorProto.DataType. */
const elementTypes = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof elementTypes;

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

/** The part of onnx.proto (ONNX 1.17, IR version 10) that a plain tensor graph needs; ids are the wire format's. */
const schema = protobuf.Root.fromJSON({
  nested: {
    Model: {
      fields: {
        irVersion: { id: 1, type: "int64" },
        producerName: { id: 2, type: "string" },
        graph: { id: 7, type: "Graph" },
        opsetImport: { id: 8, rule: "repeated", type: "OperatorSet" },
      },
    },
    OperatorSet: { fields: { domain: { id: 1, type: "string" }, version: { id: 2, type: "int64" } } },
    Graph: {
      fields: {
        node: { id: 1, rule: "repeated", type: "Node" },
        name: { id: 2, type: "string" },
        initializer: { id: 5, rule: "repeated", type: "Tensor" },
        input: { id: 11, rule: "repeated", type: "ValueInfo" },
        output: { id: 12, rule: "repeated", type: "ValueInfo" },
      },
    },
    Node: {
      fields: {
        input: { id: 1, rule: "repeated", type: "string" },
        output: { id: 2, rule: "repeated", type: "string" },
        name: { id: 3, type: "string" },
        opType: { id: 4, type: "string" },
        attribute: { id: 5, rule: "repeated", type: "Attribute" },
        domain: { id: 7, type: "string" },
      },
    },
    Attribute: {
      fields: {
        name: { id: 1, type: "string" },
        f: { id: 2, type: "float" },
        i: { id: 3, type: "int64" },
        s: { id: 4, type: "bytes" },
        ints: { id: 8, rule: "repeated", type: "int64", options: { packed: false } },
        type: { id: 20, type: "int32" },
      },
    },
    Tensor: {
      fields: {
        dims: { id: 1, rule: "repeated", type: "int64", options: { packed: false } },
        dataType: { id: 2, type: "int32" },
        name: { id: 8, type: "string" },
        rawData: { id: 9, type: "bytes" },
      },
    },
    ValueInfo: { fields: { name: { id: 1, type: "string" }, type: { id: 2, type: "Type" } } },
    Type: { fields: { tensorType: { id: 1, type: "TensorType" } } },
    TensorType: { fields: { elemType: { id: 1, type: "int32" }, shape: { id: 2, type: "Shape" } } },
    Shape: { fields: { dim: { id: 1, rule: "repeated", type: "Dimension" } } },
    Dimension: { fields: { dimValue: { id: 1, type: "int64" } } },
  },
});
const Model = schema.lookupType("Model");

/** The bytes of an ONNX model for `graph`. */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  const domains = [...new Set(graph.nodes.map((node) => node.domain ?? ""))];
  return Model.encode({
    irVersion: 10,
    producerName: "carryover",
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
  }).finish();
}

function encodeAttribute([name, value]: [string, Attribute]): object {
  if (typeof value === "number") return { name, i: value, type: 2 };
  if (typeof value === "string") return { name, s: new TextEncoder().encode(value), type: 3 };
  if ("float" in value) return { name, f: value.float, type: 1 };
  return { name, ints: value, type: 7 };
}

function encodeValue({ name, type, shape }: OnnxValue): object {
  const dim = shape.map((length) => ({ dimValue: length }));
  return { name, type: { tensorType: { elemType: elementTypes[type], shape: { dim } } } };
}
