import { describe, expect, it } from "vitest";
import {
  bcaInterval,
  kendallTau,
  mean,
  normalCdf,
  normalQuantile,
  pageTrend,
  quantile,
  ranks,
  spearman,
} from "../../src/base/index.ts";

// Expected values: scipy 1.10.1 (stats.spearmanr, kendalltau, norm), or all orders by itertools.permutations.
describe("rank statistics", () => {
  const [a, b] = [
    [1, 2, 2, 3, 5, 4],
    [2, 1, 3, 3, 6, 5],
  ];
  it("ranks share ties", () => expect(ranks([10, 30, 20, 20])).toEqual([1, 4, 2.5, 2.5]));
  it("Spearman and Kendall's tau-b as scipy has them, ties and all", () => {
    expect(spearman(a, b)).toBeCloseTo(0.8676470588235294, 12);
    expect(kendallTau(a, b)).toBeCloseTo(0.7857142857142858, 12);
    expect(kendallTau([1, 2, 3], [5, 5, 5])).toBeNaN();
  });
  it("the normal distribution and its quantile as scipy has them", () => {
    const cdf = [
      9.865876450376946e-10, 3.3976731247300535e-6, 0.09680048458561036, 0.579259709439103, 0.9999519036559824,
    ];
    for (const [i, x] of [-6, -4.5, -1.3, 0.2, 3.9].entries())
      expect(normalCdf(x) / (cdf[i] as number)).toBeCloseTo(1, 10);
    for (const [p, z] of [
      [0.001, -3.090232306167813],
      [0.3, -0.5244005127080409],
      [0.975, 1.959963984540054],
    ] as const)
      expect(normalQuantile(p)).toBeCloseTo(z, 6);
  });
});

describe("pageTrend", () => {
  const levels = [0, 1, 2, 3];
  it("is the mean of the blocks' correlations, with the p of all 24^3 orders", () => {
    const values = [
      [0, 0.02, 0.05, 0.04],
      [0, 0.01, -0.01, 0.06],
      [0, 0.03, 0.03, 0.07],
    ];
    const { rho, p } = pageTrend(values.map((each) => ({ levels, values: each })));
    expect(rho).toBeCloseTo(0.7162277660168379, 12);
    expect(p).toBeCloseTo(0.028935185185185185, 12);
  });
  it("has p 2 / 6^m when m blocks of three all rise", () => {
    const rising = { levels: [0, 1, 2], values: [1, 2, 3] };
    expect(pageTrend([rising]).p).toBeCloseTo(2 / 6, 12);
    expect(pageTrend([rising, rising]).p).toBeCloseTo(2 / 36, 12);
    expect(pageTrend([rising, rising]).rho).toBe(1);
  });
  it("has the p of all 24^3 orders also where each block has other ties", () => {
    const values = [
      [1, 1, 2, 3],
      [1, 2, 2, 1],
      [0, 3, 2, 5],
    ];
    const { rho, p } = pageTrend(values.map((each) => ({ levels, values: each })));
    expect(rho).toBeCloseTo(0.5828944326835046, 12);
    expect(p).toBeCloseTo(0.08564814814814811, 12);
  });
  // 720^4 and 5,040^4 orders: numpy 2.4, the sums of two blocks against those of the other two.
  it.each([
    [[1, 1, 2, 3, 4, 5], [1, 3, 2, 2, 5, 4], [2, 1, 2, 1, 3, 3], [1, 2, 3, 3, 3, 2], 0.0007425068587105485],
    [[1, 1, 2, 3, 4, 5, 6], [1, 3, 2, 2, 5, 4, 6], [2, 1, 2, 1, 3, 3, 4], [1, 2, 3, 3, 3, 2, 5], 3.18447869895704e-6],
  ])(
    "four blocks of six and seven levels, each with other ties, have the p of all their orders",
    (a, b, c, d, expected) => {
      const { p } = pageTrend([a, b, c, d].map((values) => ({ levels: [...values.keys()], values })));
      // Sums within 0.0002 of the one that was seen count as equal to it.
      expect(p / expected).toBeGreaterThan(1 - 1e-9);
      expect(p / expected).toBeLessThan(1.002);
    },
  );
  it("draws orders of more levels, and never says that a trend is impossible", () => {
    const values = [1, 2, 3, 4, 5, 6, 7, 8];
    const block = { levels: values, values };
    expect(pageTrend([block, block, block]).p).toBe(1 / 20001);
    // 0.0962 of all 8! orders lie as far out; 20,000 draws tell it to 0.002.
    const { rho, p } = pageTrend([{ levels: values, values: [3, 1, 2, 7, 4, 8, 6, 5] }]);
    expect(rho).toBeCloseTo(0.6428571428571429, 12);
    expect(Math.abs(p - 0.09618055555555556)).toBeLessThan(0.01);
  });
  it("says nothing of blocks that do not vary", () => {
    expect(pageTrend([{ levels, values: [1, 1, 1, 1] }])).toEqual({ rho: 0, p: 1, rhos: [0] });
  });
});

describe("bcaInterval", () => {
  const data = [2.1, 3.4, 1.9, 5.0, 4.2, 2.2, 3.3, 9.8, 2.7, 3.1];
  it("comes to scipy's BCa interval of a skewed mean, [2.85, 6.03] of 200,000 resamples", () => {
    const found = bcaInterval(data, mean, { seed: 1, resamples: 20000 });
    expect(Math.abs((found?.low ?? 0) - 2.85)).toBeLessThan(0.06);
    expect(Math.abs((found?.high ?? 0) - 6.03)).toBeLessThan(0.15);
  });
  it("is none for two values, or for values that are all equal", () => {
    expect(bcaInterval([1, 2], mean, { seed: 1 })).toBeUndefined();
    expect(bcaInterval([1, 1, 1, 1], mean, { seed: 1 })).toBeUndefined();
  });
  it("quantiles are numpy's", () => expect(quantile([1, 2, 4, 8], 0.4)).toBeCloseTo(2.4, 12));
});
