import { mean } from "./statistics.ts";

/** Ranks from 1; equal values share the mean of theirs. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => (values[i] as number) - (values[j] as number));
  const out = new Array<number>(values.length).fill(0);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1] as number] === values[order[from] as number]) to++;
    for (let at = from; at <= to; at++) out[order[at] as number] = (from + to) / 2 + 1;
    from = to + 1;
  }
  return out;
}

/** Pearson's correlation; NaN when one side does not vary. */
export function pearson(x: readonly number[], y: readonly number[]): number {
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (const [i, value] of x.entries()) {
    const [dx, dy] = [value - mx, (y[i] as number) - my];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : Number.NaN;
}

/** Spearman's rank correlation (1904): Pearson's of the ranks. NaN when one side does not vary. */
export const spearman = (x: readonly number[], y: readonly number[]): number => pearson(ranks(x), ranks(y));

/** Kendall's tau-b (1945): pairs in the same order less pairs in the opposite one, allowing for ties. */
export function kendallTau(x: readonly number[], y: readonly number[]): number {
  let [agreement, xPairs, yPairs] = [0, 0, 0];
  for (let i = 0; i < x.length; i++)
    for (let j = 0; j < i; j++) {
      const dx = Math.sign((x[i] as number) - (x[j] as number));
      const dy = Math.sign((y[i] as number) - (y[j] as number));
      agreement += dx * dy;
      xPairs += dx * dx;
      yPairs += dy * dy;
    }
  return xPairs > 0 && yPairs > 0 ? agreement / Math.sqrt(xPairs * yPairs) : Number.NaN;
}
