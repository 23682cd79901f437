import { InputError } from "../base/index.ts";

const imageBytes = 3 * 32 * 32;
const recordBytes = 1 + imageBytes;

/**
 * Reads CIFAR-10 binary records into `pixels` and `labels` from example `at` on, and returns how many there were. A
 * record is one label byte, then the red, green and blue planes, each 32 x 32 row by row
 * (https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version").
 *
 * Throws InputError, naming `file`, when the bytes are not whole records or a label is above 9.
 */
export function readCifar10(
  bytes: Uint8Array,
  file: string,
  { pixels, labels, at }: { readonly pixels: Uint8Array; readonly labels: Int32Array; readonly at: number },
): number {
  const n = cifar10Count(bytes, file);
  for (let i = 0; i < n; i++) {
    const label = bytes[i * recordBytes] as number;
    if (label > 9) throw new InputError(`${file}: record ${i}: expected a label in 0-9, got ${label}`);
    labels[at + i] = label;
    pixels.set(bytes.subarray(i * recordBytes + 1, (i + 1) * recordBytes), (at + i) * imageBytes);
  }
  return n;
}

/** How many records the bytes hold. Throws InputError, naming `file`, when they are not a whole number of them. */
export function cifar10Count(bytes: Uint8Array, file: string): number {
  if (bytes.length === 0 || bytes.length % recordBytes !== 0)
    throw new InputError(
      `${file}: expected whole CIFAR-10 records of ${recordBytes} bytes, got ${bytes.length} bytes (truncated?)`,
    );
  return bytes.length / recordBytes;
}

/**
 * Writes CIFAR-10 binary records from interleaved pixels, one image after the other: `rgb` is [n, 32, 32, 3].
 * The inverse of `readCifar10`, used to rebuild the official files from a mirror's PNGs.
 */
export function writeCifar10(rgb: Uint8Array, labels: readonly number[]): Uint8Array {
  if (rgb.length !== labels.length * imageBytes)
    throw new Error(`writeCifar10: expected ${labels.length * imageBytes} pixel bytes, got ${rgb.length}`);
  const out = new Uint8Array(labels.length * recordBytes);
  const plane = imageBytes / 3;
  labels.forEach((label, i) => {
    const from = i * imageBytes;
    const to = i * recordBytes;
    out[to] = label;
    for (let k = 0; k < plane; k++) {
      out[to + 1 + k] = rgb[from + 3 * k] as number;
      out[to + 1 + plane + k] = rgb[from + 3 * k + 1] as number;
      out[to + 1 + 2 * plane + k] = rgb[from + 3 * k + 2] as number;
    }
  });
  return out;
}
