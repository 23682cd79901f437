import { InputError, randomStream, seedFor } from "../base/index.ts";
import { lax, np, type Traced } from "../engine/index.ts";
import { checkWeight, type LossPenalty } from "./penalty.ts";

export interface SpectralOptions {
  /** Steps of power iteration for each layer and training step. */
  readonly iterations?: number;
}

/**
 * Spectral-norm regularisation: strength / 2 * sum over the layers of f of sigma(W)^2, where sigma is the largest
 * singular value of the layer's weight as a matrix, [out, in] or [out, in * kernel height * kernel width]. The head,
 * biases and normalising layers are left out.
 *
 * sigma is ||W v|| with v from power iteration on W' W, held fixed: never above the true value, and its gradient is
 * that of the singular value, u v', once the iteration has converged. A step starts from one fixed vector a layer
 * rather than from the last step's, so that a step depends on nothing but its arguments.
 *
 * Source: Yoshida and Miyato 2017, equation 3 and algorithm 1, who keep v from step to step and iterate once.
 */
export function spectralNormPenalty(strength: number, { iterations = 8 }: SpectralOptions = {}): LossPenalty {
  checkWeight("spectral", strength);
  if (!Number.isInteger(iterations) || iterations < 1)
    throw new InputError(`spectral: iterations: expected a whole number of at least 1, got ${iterations}`);
  return {
    through: "loss",
    kind: "spectral",
    strength,
    draw: () => [],
    term({ parameters }) {
      const squares = Object.entries(parameters.f)
        .filter(([, { weight }]) => weight.shape.length > 1)
        .map(([name, { weight }]) => squaredSpectralNorm(name, weight, iterations));
      const total = squares.reduce((sum, next) => np.add(sum, next), np.zeros([]));
      return np.multiply(total, strength / 2);
    },
  };
}

/** weight [out, ...in] -> sigma^2, a scalar. */
function squaredSpectralNorm(name: string, weight: Traced, iterations: number): Traced {
  const outputs = weight.shape[0] ?? 0;
  const matrix = np.reshape(weight, [outputs, -1]); // [out, in]
  const fixed = lax.stopGradient(matrix);
  let u = startingVector(name, outputs); // [1, out]
  let v = unit(np.matmul(u, fixed)); // [1, in]
  for (let i = 1; i < iterations; i++) {
    u = np.matmul(v, np.transpose(fixed));
    v = unit(np.matmul(u, fixed));
  }
  return np.sum(np.square(np.matmul(v, np.transpose(matrix))));
}

/** A row at length 1; a row of zeros stays so. */
function unit(row: Traced): Traced {
  const length = np.sqrt(np.sum(np.square(row)));
  return np.multiply(row, np.reciprocal(np.maximum(length, 1e-15)));
}

/** Normal numbers, the same for a layer in every run. */
function startingVector(name: string, size: number): Traced {
  const stream = randomStream(seedFor(0, "spectral", name));
  return np.reshape(np.array(Array.from({ length: size }, () => stream.normal())), [1, size]);
}
