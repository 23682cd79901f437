import { type Examples, imageAt } from "../examples.ts";
import { imageSize, type Victim } from "../victim.ts";
import { atMost, type HealthCheck, none } from "./check.ts";

/** Checks that need no attack: the images, the outputs, and whether the outputs repeat. */
export async function examineVictim(victim: Victim, examples: Examples, indices: Uint32Array): Promise<HealthCheck[]> {
  const size = imageSize(victim);
  let [offRange, changed, notFinite, probabilities, n] = [0, 0, 0, 0, 0];
  for (let from = 0; from < indices.length; from += victim.rows) {
    const rows = indices.slice(from, from + victim.rows);
    const images = new Float32Array(rows.length * size);
    for (const [row, index] of rows.entries()) images.set(imageAt(examples, index), row * size);
    const first = (await victim.logits(images)).slice();
    const second = await victim.logits(images);
    for (let row = 0; row < rows.length; row++) {
      const logits = first.subarray(row * victim.classes, (row + 1) * victim.classes);
      const again = second.subarray(row * victim.classes, (row + 1) * victim.classes);
      if (!images.subarray(row * size, (row + 1) * size).every((value) => value >= 0 && value <= 1)) offRange++;
      if (!logits.every((value, k) => Object.is(value, again[k]))) changed++;
      if (!logits.every(Number.isFinite)) notFinite++;
      if (areProbabilities(logits)) probabilities++;
      n++;
    }
  }
  return [
    none("inputs", offRange, n),
    none("finite", notFinite, n),
    none("repeatable", changed, n),
    // One row of logits may look like probabilities by chance, most of them do not.
    atMost("probabilities", probabilities, n, 0.5),
  ];
}

/** In [0, 1] and of sum 1, within float32's rounding. */
function areProbabilities(outputs: Float32Array): boolean {
  const sum = outputs.reduce((total, value) => total + value, 0);
  return Math.abs(sum - 1) < 1e-4 && outputs.every((value) => value >= 0 && value <= 1);
}
