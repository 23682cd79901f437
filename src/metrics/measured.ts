/** A mean and the number of examples behind it. */
export interface Measured {
  readonly value: number;
  readonly n: number;
}

/** The mean of one number an example, summed in float64; of flags, their share. */
export function meanOf(values: Uint8Array | Float32Array): Measured {
  let sum = 0;
  for (const value of values) sum += value;
  return { value: sum / values.length, n: values.length };
}

/** Parts of one whole, pooled by their counts. */
export function pooled(parts: readonly Measured[]): Measured {
  const n = parts.reduce((sum, part) => sum + part.n, 0);
  return { value: parts.reduce((sum, part) => sum + part.value * part.n, 0) / n, n };
}
