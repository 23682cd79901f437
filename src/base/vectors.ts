type Vector = Float32Array | Float64Array;

export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** ||a||_2, of any length: `Math.hypot` takes its numbers as arguments, of which there may be about 100,000. */
export const norm = (a: Vector): number => Math.sqrt(dot(a, a));
