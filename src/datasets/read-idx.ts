import { InputError, sizeOf } from "../base/index.ts";

/** The content of an idx file of unsigned bytes: row-major data. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Reads an idx file, the format of MNIST: two zero bytes, a type byte, the number of dimensions, each dimension as a
 * big-endian uint32, then the data (http://yann.lecun.com/exdb/mnist/). Only unsigned bytes (type 0x08) are read.
 *
 * Throws InputError, naming `file`, on another magic number or type, on fewer dimensions than promised, and when the
 * data is longer or shorter than its dimensions say.
 */
export function readIdx(bytes: Uint8Array, file: string): IdxArray {
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0)
    throw new InputError(`${file}: expected an idx file (first bytes 00 00), got ${firstBytes(bytes)}`);
  if (bytes[2] !== 0x08)
    throw new InputError(`${file}: expected idx data of unsigned bytes (type 0x08), got type ${hex(bytes[2] ?? 0)}`);
  const rank = bytes[3] ?? 0;
  const headerBytes = 4 + 4 * rank;
  if (rank === 0 || bytes.length < headerBytes)
    throw new InputError(`${file}: expected an idx header of ${headerBytes} bytes, got ${bytes.length} (truncated?)`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const expected = headerBytes + sizeOf(shape);
  if (bytes.length !== expected)
    throw new InputError(
      `${file}: expected ${expected} bytes for idx dimensions [${shape.join(", ")}], got ${bytes.length}`,
    );
  return { shape, data: bytes.subarray(headerBytes) };
}

const hex = (byte: number) => `0x${byte.toString(16).padStart(2, "0")}`;

const firstBytes = (bytes: Uint8Array) =>
  bytes.length === 0 ? "an empty file" : [...bytes.subarray(0, 4)].map((byte) => hex(byte).slice(2)).join(" ");
