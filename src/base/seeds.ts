import { createHash } from "node:crypto";

/**
 * The seed at an address: `seedFor(seed, "augment", epoch)`. Randomness is addressed by name and never drawn from a
 * shared stream, so a resumed run sees the numbers that an uninterrupted one would have seen.
 */
export function seedFor(seed: number, ...address: readonly (string | number)[]): number {
  return createHash("sha256")
    .update([seed, ...address].join("/"))
    .digest()
    .readUIntBE(0, 6);
}

/** A stream of random numbers, fully determined by its seed. */
export interface RandomStream {
  /** Uniform in [0, 1), 32 bits of it. */
  uniform(): number;
  /** A whole number in [0, n). */
  below(n: number): number;
  /** Standard normal, by Box and Muller (1958). */
  normal(): number;
}

/** xoshiro128** 1.1 (Blackman and Vigna 2018), its state filled from the seed by SplitMix32. */
export function randomStream(seed: number): RandomStream {
  let mix = (seed ^ Math.floor(seed / 2 ** 32)) >>> 0;
  const splitMix = () => {
    mix = (mix + 0x9e3779b9) >>> 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let [a, b, c, d] = [splitMix(), splitMix(), splitMix(), splitMix() | 1];
  const next = () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };
  let spare: number | undefined;
  return {
    uniform: () => next() / 2 ** 32,
    below: (n) => Math.floor((next() / 2 ** 32) * n),
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log((next() + 1) / 2 ** 32));
      const angle = (2 * Math.PI * next()) / 2 ** 32;
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}

/** A random order of 0 ... n-1 (Fisher and Yates). */
export function permutation(n: number, stream: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = stream.below(i + 1);
    const kept = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = kept;
  }
  return order;
}

function rotateLeft(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}
