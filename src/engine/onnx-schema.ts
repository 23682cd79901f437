import protobuf from "protobufjs";

/** Types of an ONNX tensor, by the numbers of onnx.proto's TensorProto.DataType. */
export const elementTypes = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof elementTypes;

/** The part of onnx.proto (ONNX 1.17, IR version 10) that a plain tensor graph needs; ids are the wire format's. */
const schema = protobuf.Root.fromJSON({
  nested: {
    Model: {
      fields: {
        irVersion: { id: 1, type: "int64" },
        producerName: { id: 2, type: "string" },
        graph: { id: 7, type: "Graph" },
        opsetImport: { id: 8, rule: "repeated", type: "OperatorSet" },
        metadataProps: { id: 14, rule: "repeated", type: "Entry" },
      },
    },
    Entry: { fields: { key: { id: 1, type: "string" }, value: { id: 2, type: "string" } } },
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
        t: { id: 5, type: "Tensor" },
        floats: { id: 7, rule: "repeated", type: "float", options: { packed: false } },
        ints: { id: 8, rule: "repeated", type: "int64", options: { packed: false } },
        type: { id: 20, type: "int32" },
      },
    },
    Tensor: {
      fields: {
        dims: { id: 1, rule: "repeated", type: "int64", options: { packed: false } },
        dataType: { id: 2, type: "int32" },
        floatData: { id: 4, rule: "repeated", type: "float" },
        int32Data: { id: 5, rule: "repeated", type: "int32" },
        int64Data: { id: 7, rule: "repeated", type: "int64" },
        name: { id: 8, type: "string" },
        rawData: { id: 9, type: "bytes" },
        doubleData: { id: 10, rule: "repeated", type: "double" },
        dataLocation: { id: 14, type: "int32" },
      },
    },
    ValueInfo: { fields: { name: { id: 1, type: "string" }, type: { id: 2, type: "Type" } } },
    Type: { fields: { tensorType: { id: 1, type: "TensorType" } } },
    TensorType: { fields: { elemType: { id: 1, type: "int32" }, shape: { id: 2, type: "Shape" } } },
    Shape: { fields: { dim: { id: 1, rule: "repeated", type: "Dimension" } } },
    Dimension: { fields: { dimValue: { id: 1, type: "int64" }, dimParam: { id: 2, type: "string" } } },
  },
});

export const modelProto = schema.lookupType("Model");
