import { describe, expect, test } from "vitest";
import { mean, meanInterval, standardDeviation, wilsonInterval } from "../../src/base/index.ts";

describe("Student's t", () => {
  test("interval of the mean: 1, 2, 3, 4 has mean 2.5, s = sqrt(5/3) and t(3) = 3.18245", () => {
    const { low, high } = meanInterval([1, 2, 3, 4]) ?? expect.unreachable();
    expect((low + high) / 2).toBeCloseTo(2.5, 12);
    expect(high - 2.5).toBeCloseTo((3.1824463052837078 * Math.sqrt(5 / 3)) / 2, 9);
  });

  test("one value has neither spread nor interval", () => {
    expect(meanInterval([1])).toBeUndefined();
    expect(standardDeviation([1])).toBeNaN();
  });
});

test("mean and standard deviation of 2, 4, 4, 4, 5, 5, 7, 9: 5 and sqrt(32 / 7)", () => {
  expect(mean([2, 4, 4, 4, 5, 5, 7, 9])).toBe(5);
  expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(Math.sqrt(32 / 7), 12);
});

describe("Wilson's interval", () => {
  test("81 of 263 is 0.2553 to 0.3662 (Newcombe 1998, table I, method 3)", () => {
    const { low, high } = wilsonInterval(81, 263);
    expect(low).toBeCloseTo(0.2553, 4);
    expect(high).toBeCloseTo(0.3662, 4);
  });

  test("none of 20 is 0 to 0.1611, and mirrored for all of 20 (the same table)", () => {
    expect(wilsonInterval(0, 20).low).toBe(0);
    expect(wilsonInterval(0, 20).high).toBeCloseTo(0.1611, 4);
    expect(wilsonInterval(20, 20).low).toBeCloseTo(1 - 0.1611, 4);
    expect(wilsonInterval(20, 20).high).toBeCloseTo(1, 12);
  });

  test("of nothing it is everything", () => {
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });
});
