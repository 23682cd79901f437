import { InputError, numberFormats, sizeOf, type Tensor, tensor } from "../base/index.ts";
import { modelProto } from "./onnx-schema.ts";

/** One operation of a file, as it stands there. */
export interface FileNode {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, FileAttribute>>;
}

export type FileAttribute = number | string | readonly number[] | Tensor;

/** A length that is not known until a run is undefined. */
export interface FileValue {
  readonly name: string;
  readonly shape: readonly (number | undefined)[];
}

/** What an ONNX file holds, as far as a classifier of images needs it. */
export interface OnnxFile {
  readonly producer: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of computation. */
  readonly nodes: readonly FileNode[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** Without the initializers. */
  readonly inputs: readonly FileValue[];
  readonly outputs: readonly FileValue[];
}

/** What protobuf gives; every member may be missing in a damaged file. */
interface RawTensor {
  readonly name?: string;
  readonly dims?: number[];
  readonly dataType?: number;
  readonly floatData?: number[];
  readonly int32Data?: number[];
  readonly int64Data?: number[];
  readonly doubleData?: number[];
  readonly rawData?: Uint8Array;
  readonly dataLocation?: number;
}
interface RawAttribute {
  readonly name?: string;
  readonly type?: number;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly t?: RawTensor;
  readonly ints?: number[];
  readonly floats?: number[];
}
interface RawValue {
  readonly name?: string;
  readonly type?: { tensorType?: { shape?: { dim?: { dimValue?: number; dimParam?: string }[] } } };
}
interface RawModel {
  readonly producerName?: string;
  readonly metadataProps?: { key?: string; value?: string }[];
  readonly graph?: {
    readonly node?: {
      readonly name?: string;
      readonly opType?: string;
      readonly domain?: string;
      readonly input?: string[];
      readonly output?: string[];
      readonly attribute?: RawAttribute[];
    }[];
    readonly initializer?: RawTensor[];
    readonly input?: RawValue[];
    readonly output?: RawValue[];
  };
}

/**
 * Reads an ONNX file. float64 and halves become float32, whole numbers int32. Throws InputError, beginning with `where`, for
 * bytes that are none, and for weights that are kept in another file.
 */
export function decodeOnnx(where: string, bytes: Uint8Array): OnnxFile {
  let raw: RawModel;
  try {
    raw = modelProto.toObject(modelProto.decode(bytes), { longs: Number, arrays: true }) as RawModel;
  } catch (cause) {
    throw new InputError(`${where}: expected an ONNX model, got bytes that are none`, { cause });
  }
  const { graph } = raw;
  if (!graph?.node?.length || !graph.input?.length || !graph.output?.length)
    throw new InputError(`${where}: expected an ONNX model with nodes, inputs and outputs, got none`);
  const initializers = new Map(
    (graph.initializer ?? []).map((each) => [each.name ?? "", tensorFrom(where, each)] as const),
  );
  return {
    producer: raw.producerName ?? "",
    metadata: Object.fromEntries((raw.metadataProps ?? []).map(({ key = "", value = "" }) => [key, value])),
    nodes: graph.node.map(({ name = "", opType = "", domain = "", input = [], output = [], attribute = [] }) => ({
      op: opType,
      domain,
      name,
      inputs: input,
      outputs: output,
      attributes: Object.fromEntries(attribute.map((each) => [each.name ?? "", attributeFrom(where, each)])),
    })),
    initializers,
    inputs: graph.input.map(valueFrom).filter(({ name }) => !initializers.has(name)),
    outputs: graph.output.map(valueFrom),
  };
}

function valueFrom({ name = "", type }: RawValue): FileValue {
  const dims = type?.tensorType?.shape?.dim ?? [];
  return { name, shape: dims.map(({ dimValue, dimParam }) => (dimParam || !dimValue ? undefined : dimValue)) };
}

function attributeFrom(
  where: string,
  { type, f = 0, i = 0, s, t, ints = [], floats = [] }: RawAttribute,
): FileAttribute {
  if (type === 1) return f;
  if (type === 2) return i;
  if (type === 3) return new TextDecoder().decode(s);
  if (type === 4 && t) return tensorFrom(where, t);
  return type === 6 ? floats : ints;
}

/** How the raw bytes of each type are read, by onnx.proto's number. */
const rawFormats = {
  1: numberFormats.float32,
  2: numberFormats.uint8,
  3: numberFormats.int8,
  5: numberFormats.int16,
  6: numberFormats.int32,
  7: numberFormats.int64,
  9: numberFormats.uint8,
  10: numberFormats.float16,
  11: numberFormats.float64,
  16: numberFormats.bfloat16,
} as const;

function tensorFrom(where: string, raw: RawTensor): Tensor {
  const { name = "", dims = [], dataType = 0, rawData, dataLocation } = raw;
  const fail = (problem: string) => new InputError(`${where}: tensor "${name}": ${problem}`);
  if (dataLocation === 1) throw fail("expected its numbers in the file, got a reference to another file");
  const format = rawFormats[dataType as keyof typeof rawFormats];
  if (!format) throw fail(`expected numbers of a type that is known, got type ${dataType}`);
  if (!dims.every((length) => Number.isSafeInteger(length) && length >= 0))
    throw fail(`expected a shape, got [${dims}]`);
  const length = sizeOf(dims);
  const { dtype, bytes, read } = format;
  let number: (k: number) => number;
  if (rawData?.length) {
    if (rawData.length !== length * bytes)
      throw fail(`expected ${length * bytes} bytes for [${dims}], got ${rawData.length}`);
    const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
    number = (k) => read(view, k * bytes);
  } else {
    const [one, two] = [
      dataType === 11 ? raw.doubleData : raw.floatData,
      dataType === 7 ? raw.int64Data : raw.int32Data,
    ];
    const listed = (dtype === "float32" ? one : two) ?? [];
    if (listed.length !== length) throw fail(`expected ${length} numbers for [${dims}], got ${listed.length}`);
    number = (k) => listed[k] as number;
  }
  if (dtype === "float32")
    return tensor(
      dtype,
      dims,
      Float32Array.from({ length }, (_, k) => number(k)),
    );
  // Of indices the largest int64 stands for "to the end".
  return tensor(
    dtype,
    dims,
    Int32Array.from({ length }, (_, k) => Math.max(-most - 1, Math.min(number(k), most))),
  );
}

const most = 2 ** 31 - 1;
