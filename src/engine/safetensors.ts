import {
  canonicalJson,
  type DType,
  digestBytes,
  InputError,
  type NumberFormat,
  numberFormats,
  readWhole,
  sizeOf,
  type Tensor,
  type TensorData,
  tensor,
  writeWhole,
} from "../base/index.ts";
import { digestTensors, type NamedTensors } from "./named-tensors.ts";

/** What a file holds: tensors under their names, and words about them. */
export interface Safetensors {
  readonly tensors: Record<string, Tensor>;
  readonly metadata: Record<string, string>;
}

/** The format's limit on its header. */
const headerLimit = 100_000_000;

/** The metadata entry that a file of ours carries so that a damaged one is noticed; readers of others ignore it. */
const digestKey = "carryover.sha256";

const fileTypes = { float32: "F32", int32: "I32", uint8: "U8", bool: "BOOL" } as const satisfies Record<DType, string>;
const widths: Readonly<Record<DType, number>> = { float32: 4, int32: 4, uint8: 1, bool: 1 };

/** Types that other tools write; their numbers are read into ours. */
const foreignTypes: Readonly<Record<string, NumberFormat>> = {
  F64: numberFormats.float64,
  F16: numberFormats.float16,
  BF16: numberFormats.bfloat16,
  I64: numberFormats.int64,
  I16: numberFormats.int16,
  I8: numberFormats.int8,
};

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  /** Where the file's numbers are not of that type. */
  readonly format: NumberFormat | undefined;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** Reads a safetensors file. Throws InputError naming the path when it is missing, closed to us or not intact. */
export async function readSafetensors(path: string): Promise<Safetensors> {
  return decodeSafetensors(await readWhole(path), path);
}

/**
 * Writes tensors as one safetensors file, whole or not at all: until the last moment an older file of that name stays
 * as it was. Throws InputError naming the path when the disk is full, read-only or closed to us.
 */
export async function writeSafetensors(
  path: string,
  tensors: NamedTensors,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeWhole(path, encodeSafetensors(tensors, metadata));
}

/**
 * The bytes of a safetensors file: 8 bytes of header length, a JSON header padded with spaces to a multiple of 8, the
 * data. Four-byte types come first in the data, so every tensor is aligned; the header keeps the order given.
 * Source: the format's description, huggingface/safetensors. Ours adds one entry of metadata, a SHA-256 of the rest.
 */
export function encodeSafetensors(
  tensors: NamedTensors,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  if (Object.hasOwn(tensors, "__metadata__") || Object.hasOwn(metadata, digestKey))
    throw new Error(`encodeSafetensors: "__metadata__" and "${digestKey}" are the format's own names`);
  const named = Object.entries(tensors);
  const placed = new Map<string, readonly [number, number]>();
  let end = 0;
  for (const [name, { dtype, shape, data }] of named.toSorted(([, a], [, b]) => widths[b.dtype] - widths[a.dtype])) {
    if (data.length !== sizeOf(shape) || data.BYTES_PER_ELEMENT !== widths[dtype])
      throw new Error(`encodeSafetensors: "${name}": ${data.length} numbers for ${dtype} [${shape}]`);
    placed.set(name, [end, end + data.byteLength]);
    end += data.byteLength;
  }
  const words = { ...metadata, [digestKey]: contentDigest(tensors, metadata) };
  const entries = named.map(([name, { dtype, shape }]) => [
    name,
    { dtype: fileTypes[dtype], shape, data_offsets: placed.get(name) },
  ]);
  const text = JSON.stringify(Object.fromEntries([["__metadata__", words], ...entries]));
  const json = new TextEncoder().encode(text);
  const headerLength = Math.ceil(json.length / 8) * 8;
  if (headerLength > headerLimit) throw new Error(`encodeSafetensors: a header of ${headerLength} bytes`);

  const bytes = new Uint8Array(8 + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.set(json, 8);
  bytes.fill(0x20, 8 + json.length, 8 + headerLength);
  for (const [name, { data }] of named)
    bytes.set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      8 + headerLength + (placed.get(name)?.[0] ?? 0),
    );
  return bytes;
}

/**
 * What the bytes of a safetensors file hold. Everything the header claims is checked against the bytes that are there
 * before anything is allocated; the tensors are copies. Throws InputError, beginning with `where`, for anything that is
 * not a whole file of known types (F64, F16 and BF16 become float32, I64, I16 and I8 int32), and for one of ours whose contents are no longer what was written.
 */
export function decodeSafetensors(bytes: Uint8Array, where = "safetensors"): Safetensors {
  const fail = (problem: string) => new InputError(`${where}: ${problem}`);
  if (bytes.length < 8) throw fail(`expected a safetensors file of at least 8 bytes, got ${bytes.length}`);
  const headerLength = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  const limit = Math.min(headerLimit, bytes.length - 8);
  if (headerLength > limit) throw fail(`expected a header of at most ${limit} bytes, got ${headerLength}`);
  const start = 8 + Number(headerLength);
  const { entries, metadata } = parseHeader(bytes.subarray(8, start), fail);

  let position = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== position)
      throw fail(`"${name}": expected data from ${position} on, without gap or overlap, got ${begin}`);
    position = end;
  }
  if (position !== bytes.length - start)
    throw fail(`expected ${position} bytes of data as the header says, got ${bytes.length - start}`);

  const tensors = Object.fromEntries(
    entries.map(({ name, dtype, format, shape, begin, end }) => {
      if (format) return [name, converted(format, shape, bytes.subarray(start + begin, start + end))];
      const copy = new Uint8Array(end - begin);
      copy.set(bytes.subarray(start + begin, start + end));
      if (dtype === "bool" && copy.some((value) => value > 1)) throw fail(`"${name}": expected booleans, 0 or 1`);
      return [name, tensor(dtype, shape, typed(dtype, copy.buffer))];
    }),
  );
  const { [digestKey]: digest, ...words } = metadata;
  if (digest !== undefined && digest !== contentDigest(tensors, words))
    throw fail("expected the contents that were written, got others: the file is damaged");
  return { tensors, metadata: words };
}

function contentDigest(tensors: NamedTensors, metadata: Readonly<Record<string, string>>): string {
  return digestBytes(new TextEncoder().encode(canonicalJson([digestTensors(tensors), metadata])));
}

function converted({ dtype, bytes, read }: NumberFormat, shape: readonly number[], stored: Uint8Array): Tensor {
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  const number = (_: unknown, i: number) => read(view, i * bytes);
  const length = sizeOf(shape);
  return dtype === "float32"
    ? tensor(dtype, shape, Float32Array.from({ length }, number))
    : tensor(dtype, shape, Int32Array.from({ length }, number));
}

function typed(dtype: DType, buffer: ArrayBuffer): TensorData[DType] {
  if (dtype === "float32") return new Float32Array(buffer);
  return dtype === "int32" ? new Int32Array(buffer) : new Uint8Array(buffer);
}

type Fail = (problem: string) => InputError;

function parseHeader(bytes: Uint8Array, fail: Fail): { entries: Entry[]; metadata: Record<string, string> } {
  let header: unknown;
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    throw new InputError(fail("expected a safetensors header, got no JSON").message, { cause });
  }
  if (!text.startsWith("{") || !isObject(header)) throw fail("expected a safetensors header, got no JSON object");
  const { __metadata__: metadata = {}, ...rest } = header;
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === "string"))
    throw fail("header: __metadata__: expected an object of texts");
  const entries = Object.entries(rest).map(([name, entry]) => parseEntry(name, entry, fail));
  // JSON.parse keeps the last of two members with one name.
  const distinct = Object.keys(header).length + Object.keys(metadata).length + 3 * entries.length;
  const written = membersWritten(text);
  if (written !== distinct) throw fail(`header: expected every name once, got ${written - distinct} twice`);
  return { entries, metadata: metadata as Record<string, string> };
}

function parseEntry(name: string, entry: unknown, fail: Fail): Entry {
  if (!isObject(entry) || Object.keys(entry).toSorted().join() !== "data_offsets,dtype,shape")
    throw fail(`"${name}": expected dtype, shape and data_offsets, got ${shown(entry)}`);
  const { dtype: fileType, shape, data_offsets: offsets } = entry;
  const format =
    typeof fileType === "string" && Object.hasOwn(foreignTypes, fileType) ? foreignTypes[fileType] : undefined;
  const dtype = format?.dtype ?? (Object.keys(fileTypes) as DType[]).find((known) => fileTypes[known] === fileType);
  if (dtype === undefined)
    throw fail(
      `"${name}": dtype: expected one of ${[...Object.values(fileTypes), ...Object.keys(foreignTypes)].join(", ")}, got ${shown(fileType)}`,
    );
  if (!isCounts(shape)) throw fail(`"${name}": shape: expected a list of whole numbers, got ${shown(shape)}`);
  if (!isCounts(offsets) || offsets.length !== 2)
    throw fail(`"${name}": data_offsets: expected two whole numbers, got ${shown(offsets)}`);
  const [begin = 0, end = 0] = offsets;
  if (end - begin !== sizeOf(shape) * (format?.bytes ?? widths[dtype]))
    throw fail(`"${name}": expected the bytes of ${dtype} [${shape}], got those from ${begin} to ${end}`);
  return { name, dtype, format, shape, begin, end };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);

/** A value in a message: plain ones as they are; nested ones may be too deep to print. */
function shown(value: unknown): string {
  if (isObject(value)) return `an object of ${Object.keys(value).join(", ") || "nothing"}`;
  if (!Array.isArray(value)) return JSON.stringify(value);
  return value.some((item) => item !== null && typeof item === "object") ? "a nested list" : JSON.stringify(value);
}

/** The members of all objects in valid JSON, told by their colons: those outside texts. */
function membersWritten(json: string): number {
  let [colons, inText] = [0, false];
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (inText && character === "\\") i++;
    else if (character === '"') inText = !inText;
    else if (!inText && character === ":") colons++;
  }
  return colons;
}
