/** How oneDNN's functions in C answer, and the lists of numbers that they take. */

/** The most axes of a tensor. */
const dimensions = 12;

export function check(what: string, status: number): void {
  if (status !== 0) throw new Error(`oneDNN: ${what} failed with status ${status}`);
}

/** The handle that a function writes to where its first argument points. */
export function created(what: string, create: (out: Buffer) => number): bigint {
  const out = Buffer.alloc(8);
  check(what, create(out));
  return out.readBigUInt64LE();
}

/** The same, undefined when the library answers that it has no such thing. */
export function chosen(create: (out: Buffer) => number): bigint | undefined {
  const out = Buffer.alloc(8);
  return create(out) === 0 ? out.readBigUInt64LE() : undefined;
}

export function numbers(list: readonly number[]): Buffer {
  const out = Buffer.alloc(8 * dimensions);
  for (const [i, value] of list.entries()) out.writeBigInt64LE(BigInt(value), 8 * i);
  return out;
}
