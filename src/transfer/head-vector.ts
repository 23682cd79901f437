import type { Head } from "./softmax-regression.ts";

/** A head as one vector: [classes * size] weights, then [classes] biases. */
export function headVector({ weight, bias }: Head): Float64Array {
  const vector = new Float64Array(weight.length + bias.length);
  vector.set(weight);
  vector.set(bias, weight.length);
  return vector;
}

/** The head that such a vector is, on features of `size`; it shares the vector's numbers. */
export function headAt(vector: Float64Array, size: number): Head {
  const classes = vector.length / (size + 1);
  return { weight: vector.subarray(0, classes * size), bias: vector.subarray(classes * size) };
}
