import type { Tensor } from "../base/index.ts";

/** What an attack found out, one entry an example. A flag is 1 or 0. */
export interface Verdicts {
  /** The clean image is right. */
  readonly clean: Uint8Array;
  /** The clean image and the last iterate of every restart are right. */
  readonly robustLast: Uint8Array;
  /** The clean image and every iterate of every restart are right, random starts included. At most `robustLast`. */
  readonly robustWorst: Uint8Array;
  /** Cross-entropy in nats of the clean image. */
  readonly cleanLoss: Float32Array;
  /** The largest cross-entropy at a last iterate. */
  readonly lastLoss: Float32Array;
  /** The largest cross-entropy at the clean image or any iterate. */
  readonly worstLoss: Float32Array;
  /** Some step's gradient was zero in every pixel: the attack was blind, and robustness may be an illusion. */
  readonly stuck: Uint8Array;
}

/** Row by row: loss in nats and correct 0 or 1, of the examples at the indices they are recorded for. */
interface Judgement {
  readonly loss: Tensor;
  readonly correct: Tensor;
}

export function noVerdicts(n: number): Verdicts {
  return {
    clean: new Uint8Array(n),
    robustLast: new Uint8Array(n),
    robustWorst: new Uint8Array(n),
    cleanLoss: new Float32Array(n),
    lastLoss: new Float32Array(n),
    worstLoss: new Float32Array(n),
    stuck: new Uint8Array(n),
  };
}

export function recordClean(verdicts: Verdicts, indices: Uint32Array, { loss, correct }: Judgement): void {
  for (const [row, i] of indices.entries()) {
    const right = correct.data[row] ?? 0;
    verdicts.clean[i] = verdicts.robustLast[i] = verdicts.robustWorst[i] = right;
    verdicts.cleanLoss[i] = verdicts.worstLoss[i] = loss.data[row] ?? 0;
  }
}

export function recordIterate(
  verdicts: Verdicts,
  indices: Uint32Array,
  { loss, correct, stuck }: Judgement & { readonly stuck?: Tensor },
): void {
  for (const [row, i] of indices.entries()) {
    if (!correct.data[row]) verdicts.robustWorst[i] = 0;
    if (stuck?.data[row]) verdicts.stuck[i] = 1;
    verdicts.worstLoss[i] = Math.max(verdicts.worstLoss[i] ?? 0, loss.data[row] ?? 0);
  }
}

export function recordLast(verdicts: Verdicts, indices: Uint32Array, { loss, correct }: Judgement): void {
  for (const [row, i] of indices.entries()) {
    if (!correct.data[row]) verdicts.robustLast[i] = 0;
    verdicts.lastLoss[i] = Math.max(verdicts.lastLoss[i] ?? 0, loss.data[row] ?? 0);
  }
}
