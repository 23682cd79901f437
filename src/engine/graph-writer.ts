import type { Attribute, Initializer, OnnxNode } from "./onnx-model.ts";
import type { ElementType } from "./onnx-schema.ts";

export const onnxType: Readonly<Record<ElementType, number>> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 };

/** Collects ONNX nodes and hands out names; integer tensors that steer shapes are shared. */
export class GraphWriter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers = new Map<string, Initializer>();
  #temporaries = 0;

  /** Adds a node with one output and returns the output's name. */
  emit(op: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}, domain = ""): string {
    const output = `t${this.#temporaries++}`;
    this.nodes.push({ op, domain, inputs, outputs: [output], attributes });
    return output;
  }

  /** Adds a node with two outputs. */
  emitPair(op: string, inputs: readonly string[], attributes: Record<string, Attribute>): [string, string] {
    const outputs: [string, string] = [`t${this.#temporaries++}`, `t${this.#temporaries++}`];
    this.nodes.push({ op, inputs, outputs, attributes });
    return outputs;
  }

  reshape(x: string, shape: readonly number[]): string {
    return this.emit("Reshape", [x, this.integers(shape)]);
  }

  transpose(x: string, perm: readonly number[]): string {
    return this.emit("Transpose", [x], { perm });
  }

  /** Rows, columns ... [start, end) of one axis. */
  sliceAxis(x: string, axis: number, start: number, end: number): string {
    return this.emit("Slice", [x, ...[[start], [end], [axis]].map((list) => this.integers(list))]);
  }

  pad(x: string, before: readonly number[], after: readonly number[]): string {
    return this.emit("Pad", [x, this.integers([...before, ...after])]);
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
