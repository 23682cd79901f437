import { randomStream, seedFor } from "../../src/base/index.ts";
import type { LabelledImages } from "../../src/datasets/index.ts";

const side = 32;
const channels = 3;
const size = channels * side * side;

/**
 * Images that can be learnt from and are not easy: the class's pattern at a random shift, under another random pattern,
 * at a random brightness and contrast, with a little noise. Made from the seed, so that a benchmark needs no
 * download and both sides see the same. Like photos they are smooth and vary most in brightness, so that features of
 * them are as badly conditioned, and a head takes the solver about as many iterations as one for SVHN.
 */
export function syntheticImages(n: number, seed: number, classes = 10): LabelledImages {
  const stream = randomStream(seedFor(seed, "images"));
  const patterns = Array.from({ length: classes }, (_, k) => pattern(seedFor(seed, "class", k)));
  const distractors = Array.from({ length: 64 }, (_, k) => pattern(seedFor(seed, "distractor", k)));
  const labels = Int32Array.from({ length: n }, () => stream.below(classes));
  const pixels = new Uint8Array(n * size);
  for (let i = 0; i < n; i++) {
    const own = patterns[labels[i] ?? 0] ?? new Float32Array(size);
    const other = distractors[stream.below(distractors.length)] ?? own;
    const [dy, dx] = [stream.below(side), stream.below(side)];
    const brightness = 128 + 100 * (stream.uniform() - 0.5);
    const contrast = 0.3 + 1.2 * stream.uniform();
    for (let at = 0; at < size; at++) {
      const shifted = at - (at % (side * side)) + (((at >> 5) + dy) % side) * side + ((at + dx) % side);
      const signal = contrast * (34 * (own[shifted] ?? 0) + 22 * (other[at] ?? 0));
      const value = brightness + signal + 2 * (stream.uniform() - 0.5);
      pixels[i * size + at] = Math.min(255, Math.max(0, value));
    }
  }
  const names = Array.from({ length: classes }, (_, k) => `class ${k}`);
  return { pixels, shape: [n, channels, side, side], labels, classes: names };
}

/** Four plane waves a channel, of variance 1/2 each; periodic, so that it can be shifted. */
function pattern(seed: number): Float32Array {
  const stream = randomStream(seed);
  const values = new Float32Array(size);
  for (let channel = 0; channel < channels; channel++)
    for (let wave = 0; wave < 4; wave++) {
      const [fy, fx, phase] = [stream.below(7) - 3, stream.below(7) - 3, stream.uniform()];
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++) {
          const at = (channel * side + y) * side + x;
          values[at] = (values[at] ?? 0) + Math.cos(2 * Math.PI * ((fy * y + fx * x) / side + phase));
        }
    }
  return values;
}
