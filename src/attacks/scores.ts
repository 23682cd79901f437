import type { LossName } from "./losses.ts";

/** The first largest logit, or -1 when one of them is not a number: a broken answer names no class. */
export function predicted(logits: Float32Array): number {
  let best = 0;
  for (let k = 0; k < logits.length; k++) {
    const value = logits[k] as number;
    if (Number.isNaN(value)) return -1;
    if (value > (logits[best] as number)) best = k;
  }
  return best;
}

/** -log softmax(z)_y in nats. */
export function crossEntropyOf(logits: Float32Array, label: number): number {
  const odds = logOddsOf(logits, label);
  return odds > 0 ? odds + Math.log1p(Math.exp(-odds)) : Math.log1p(Math.exp(odds));
}

/** The largest other logit less the label's: 0 or above when the model is wrong, or undecided. */
export function marginOf(logits: Float32Array, label: number): number {
  return largestOther(logits, label) - (logits[label] as number);
}

/** The value of a loss (see `losses`) at one example's logits. */
export function lossOf(name: LossName, logits: Float32Array, label: number, target: number): number {
  switch (name) {
    case "log-odds":
      return logOddsOf(logits, label);
    case "difference":
      return (logits[target] as number) - (logits[label] as number);
    case "dlr": {
      const sorted = logits.toSorted();
      return marginOf(logits, label) / positive(fromTop(sorted, 1) - fromTop(sorted, 3));
    }
    case "targeted-dlr": {
      const sorted = logits.toSorted();
      const spread = fromTop(sorted, 1) - (fromTop(sorted, 3) + fromTop(sorted, 4)) / 2;
      return ((logits[target] as number) - (logits[label] as number)) / positive(spread);
    }
  }
}

/** The classes other than the label, the likeliest first. */
export function likeliestOthers(logits: Float32Array, label: number): number[] {
  return [...logits.keys()]
    .filter((k) => k !== label)
    .sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b);
}

function logOddsOf(logits: Float32Array, label: number): number {
  const largest = largestOther(logits, label);
  let sum = 0;
  for (let k = 0; k < logits.length; k++) if (k !== label) sum += Math.exp((logits[k] as number) - largest);
  return Math.log(sum) + largest - (logits[label] as number);
}

function largestOther(logits: Float32Array, label: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < logits.length; k++) if (k !== label) largest = Math.max(largest, logits[k] as number);
  return largest;
}

const fromTop = (sorted: Float32Array, place: number): number => sorted[sorted.length - place] as number;

const positive = (value: number): number => (value > 0 ? value : 1);
