import { inflateSync } from "node:zlib";
import { InputError, sizeOf } from "../base/index.ts";

/** A numeric array of a MATLAB file. `data` is column-major: the first dimension runs fastest. */
export interface MatlabArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Float64Array;
}

/** Data types of an element (MAT-File Format, table 1-1), those that hold real numbers. */
const numberTypes: Readonly<
  Record<number, { bytes: number; read: (view: DataView, at: number, le: boolean) => number }>
> = {
  1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  2: { bytes: 1, read: (view, at) => view.getUint8(at) },
  3: { bytes: 2, read: (view, at, le) => view.getInt16(at, le) },
  4: { bytes: 2, read: (view, at, le) => view.getUint16(at, le) },
  5: { bytes: 4, read: (view, at, le) => view.getInt32(at, le) },
  6: { bytes: 4, read: (view, at, le) => view.getUint32(at, le) },
  7: { bytes: 4, read: (view, at, le) => view.getFloat32(at, le) },
  9: { bytes: 8, read: (view, at, le) => view.getFloat64(at, le) },
};
const uint8Type = 2;
const matrixType = 14;
const compressedType = 15;
/** Array classes (table 1-3): 6 double, 7 single, 8-13 the integers of 8 to 32 bits. */
const isNumericClass = (arrayClass: number) => arrayClass >= 6 && arrayClass <= 13;
const complexFlag = 0x08;
const [structClass, charClass] = [2, 4];
/** Text is uint16 or UTF-16 in one of these, else UTF-8. */
const utf16Types: readonly number[] = [4, 17];

/**
 * Reads the real numeric arrays of a MATLAB version 5 file by name, compressed or not, of either byte order; variables
 * of other classes (cells, structures, text, sparse or complex arrays) are left out. Unsigned bytes stay bytes, anything
 * else becomes float64. Written after MathWorks, "MAT-File Format" (version 5).
 *
 * Throws InputError, naming `file`, on a file of another version (4, or 7.3, which is HDF5), on a file that is no
 * MATLAB file, and on one that is truncated or damaged.
 */
export function readMatlab(bytes: Uint8Array, file: string): ReadonlyMap<string, MatlabArray> {
  const littleEndian = checkVersion(bytes, file);
  const variables = new Map<string, MatlabArray>();
  for (const { data } of matrices(bytes, littleEndian, file)) {
    const variable = readMatrix(data, littleEndian, file);
    if (variable) variables.set(variable.name, variable.array);
  }
  return variables;
}

/**
 * The elements of a structure array by its name, each field a list of numbers or a text; fields of other classes are left
 * out. undefined when there is no structure of that name. Throws InputError as `readMatlab` does.
 */
export function readMatlabStructs(
  bytes: Uint8Array,
  file: string,
  variable: string,
): Readonly<Record<string, readonly number[] | string>>[] | undefined {
  const littleEndian = checkVersion(bytes, file);
  for (const { data } of matrices(bytes, littleEndian, file)) {
    const { arrayClass, name, shape, next } = readHeader(data, littleEndian, file);
    if (name === variable && arrayClass === structClass)
      return structsOf(data, next, sizeOf(shape), littleEndian, `${file}: ${variable}`);
  }
  return undefined;
}

/** After the header: the length of a field's name, the names, then every field of every element as a matrix. */
function structsOf(data: Uint8Array, from: number, count: number, littleEndian: boolean, where: string) {
  const length = readElement(data, from, littleEndian, where);
  const [nameLength = 0] = numbers(length, littleEndian, where);
  const names = readElement(data, length.next, littleEndian, where);
  const text = Buffer.from(names.data).toString("latin1");
  const fields = Array.from({ length: Math.floor(text.length / nameLength) }, (_, i) =>
    text.slice(i * nameLength, (i + 1) * nameLength).replace(/\0.*$/s, ""),
  );
  let at = names.next;
  return Array.from({ length: count }, () => {
    const values: Record<string, readonly number[] | string> = {};
    for (const field of fields) {
      const element = readElement(data, at, littleEndian, where);
      at = element.next;
      // An empty field may be an element without anything in it.
      const value = element.data.length > 0 ? fieldValue(element.data, littleEndian, `${where}.${field}`) : undefined;
      if (value !== undefined) values[field] = value;
    }
    return values;
  });
}

function fieldValue(data: Uint8Array, littleEndian: boolean, where: string): readonly number[] | string | undefined {
  const { arrayClass, next } = readHeader(data, littleEndian, where);
  if (arrayClass !== charClass) {
    const matrix = readMatrix(data, littleEndian, where);
    return matrix && Array.from(matrix.array.data);
  }
  const element = readElement(data, next, littleEndian, where);
  if (utf16Types.includes(element.type)) return Buffer.from(element.data).toString("utf16le");
  return Buffer.from(element.data).toString("utf8");
}

/** The matrices of a file, unpacked. */
function* matrices(bytes: Uint8Array, littleEndian: boolean, file: string): Generator<Element> {
  for (let at = 128; at < bytes.length; ) {
    const element = readElement(bytes, at, littleEndian, file);
    const whole = element.type === compressedType ? inflated(element.data, littleEndian, file) : element;
    if (whole.type === matrixType) yield whole;
    at = element.next;
  }
}

/** Checks the 128-byte header and returns whether numbers are little-endian. */
function checkVersion(bytes: Uint8Array, file: string): boolean {
  const text = Buffer.from(bytes.subarray(0, 116)).toString("latin1");
  const hdf5 = Buffer.from([0x89, 0x48, 0x44, 0x46]);
  if (text.startsWith("MATLAB 7.3") || hdf5.equals(bytes.subarray(0, 4)) || hdf5.equals(bytes.subarray(512, 516)))
    throw new InputError(`${file}: expected a MATLAB version 5 file, got version 7.3 (HDF5); save it with -v7`);
  if (bytes.length >= 128 && text.startsWith("MATLAB 5.0")) {
    const order = String.fromCharCode(bytes[126] ?? 0, bytes[127] ?? 0);
    if (order === "IM" || order === "MI") return order === "IM";
  }
  // A version 4 file starts with four int32: type, rows, columns, imaginary; one of its first four bytes is zero.
  if (bytes.length >= 20 && bytes.subarray(0, 4).includes(0))
    throw new InputError(
      `${file}: expected a MATLAB version 5 file, got version 4 or no MATLAB file; save it with -v7`,
    );
  const start = text.slice(0, 24).replace(/[^ -~]/g, ".");
  throw new InputError(`${file}: expected a MATLAB version 5 file, got ${bytes.length} bytes that start "${start}"`);
}

interface Element {
  readonly type: number;
  readonly data: Uint8Array;
  /** Where the next element starts. */
  readonly next: number;
}

/** An element is a tag (type, length) and its data; up to four bytes of data stand inside a small tag. */
function readElement(bytes: Uint8Array, at: number, littleEndian: boolean, file: string): Element {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (at + 8 > bytes.length)
    throw new InputError(`${file}: expected an element at byte ${at}, got the end of the data (truncated?)`);
  const first = view.getUint32(at, littleEndian);
  const smallLength = first >>> 16;
  if (smallLength > 0)
    return { type: first & 0xffff, data: bytes.subarray(at + 4, at + 4 + smallLength), next: at + 8 };
  const length = view.getUint32(at + 4, littleEndian);
  const end = at + 8 + length;
  if (end > bytes.length)
    throw new InputError(
      `${file}: expected ${length} bytes of data at byte ${at + 8}, got ${bytes.length - at - 8} (truncated?)`,
    );
  // Compressed elements are the only ones that are not padded to 8 bytes.
  const next = first === compressedType ? end : at + 8 + Math.ceil(length / 8) * 8;
  return { type: first, data: bytes.subarray(at + 8, end), next };
}

function inflated(data: Uint8Array, littleEndian: boolean, file: string): Element {
  let bytes: Uint8Array;
  try {
    bytes = inflateSync(data);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`${file}: expected a whole zlib stream, got a damaged one: ${message}`, { cause });
  }
  return readElement(bytes, 0, littleEndian, file);
}

/** A matrix begins with three elements: flags and class, dimensions, name. */
function readHeader(bytes: Uint8Array, littleEndian: boolean, file: string) {
  const flags = readElement(bytes, 0, littleEndian, file);
  const dimensions = readElement(bytes, flags.next, littleEndian, file);
  const name = readElement(bytes, dimensions.next, littleEndian, file);
  if (flags.data.length < 4)
    throw new InputError(`${file}: expected the flags of a matrix, got ${flags.data.length} bytes`);
  const word = new DataView(flags.data.buffer, flags.data.byteOffset).getUint32(0, littleEndian);
  return {
    arrayClass: word & 0xff,
    complex: ((word >>> 8) & complexFlag) !== 0,
    name: Buffer.from(name.data).toString("latin1"),
    shape: [...numbers(dimensions, littleEndian, `${file}: dimensions`)],
    next: name.next,
  };
}

/** After its header a numeric matrix has its real part. */
function readMatrix(
  bytes: Uint8Array,
  littleEndian: boolean,
  file: string,
): { name: string; array: MatlabArray } | undefined {
  const { arrayClass, complex, name: variable, shape, next } = readHeader(bytes, littleEndian, file);
  if (!isNumericClass(arrayClass) || complex) return undefined;
  const real = readElement(bytes, next, littleEndian, file);
  const data = real.type === uint8Type ? real.data : numbers(real, littleEndian, `${file}: ${variable}`);
  if (data.length !== sizeOf(shape))
    throw new InputError(
      `${file}: ${variable}: expected ${sizeOf(shape)} numbers for shape [${shape.join(", ")}], got ${data.length}`,
    );
  return { name: variable, array: { shape, data } };
}

function numbers(element: Element, littleEndian: boolean, where: string): Float64Array {
  const numberType = numberTypes[element.type];
  if (!numberType) throw new InputError(`${where}: expected a type of number, got element type ${element.type}`);
  const { bytes, read } = numberType;
  const view = new DataView(element.data.buffer, element.data.byteOffset, element.data.byteLength);
  return Float64Array.from({ length: Math.floor(view.byteLength / bytes) }, (_, i) =>
    read(view, i * bytes, littleEndian),
  );
}
