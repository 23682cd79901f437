import { expect, test } from "vitest";
import { randomStream } from "../../src/base/index.ts";
import { inverseCurvatureBound } from "../../src/transfer/curvature-bound.ts";
import { standardisation } from "../../src/transfer/standardisation.ts";

test("one feature: the bound is half its unit variance plus the penalty, and half for the bias", () => {
  const data = { features: Float32Array.of(1, 3), labels: Int32Array.of(0, 1), size: 1 };
  const apply = inverseCurvatureBound(data, standardisation(data))(0.25);
  // Weights of two classes, then their biases. R = 1, so 1 / (1/2 + 1/4) = 4/3; the bias is divided by 1/2.
  const out = apply(Float64Array.of(3, -6, 1, 5));
  for (const [i, value] of [4, -8, 2, 10].entries()) expect(out[i]).toBeCloseTo(value, 4);
});

test("it undoes half the correlations plus the penalty, worked out by loops of the test's own", () => {
  const [n, size, l2] = [40, 5, 0.01];
  const stream = randomStream(1);
  const rows = Array.from({ length: n }, () => {
    const base = stream.normal();
    return Array.from({ length: size }, (_, j) => base + (j + 1) * 0.3 * stream.normal());
  });
  const features = Float32Array.from(rows.flat());
  const data = { features, labels: new Int32Array(n), size };
  const columns = Array.from({ length: size }, (_, j) =>
    Array.from({ length: n }, (_, i) => features[i * size + j] ?? 0),
  );
  const standardised = columns.map((column) => {
    const mean = column.reduce((a, b) => a + b) / n;
    const deviation = Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n);
    return column.map((x) => (x - mean) / deviation);
  });
  const v = Array.from({ length: size }, () => stream.normal());
  const times = standardised.map((a, j) =>
    standardised.reduce(
      (sum, b, k) => {
        const correlation = a.reduce((s, x, i) => s + (x * (b[i] ?? 0)) / n, 0);
        return sum + (correlation / 2) * (v[k] ?? 0);
      },
      (l2 + 1e-6) * (v[j] ?? 0),
    ),
  );
  const out = inverseCurvatureBound(data, standardisation(data))(l2)(Float64Array.of(...times, 0));
  for (const [j, value] of v.entries()) expect(out[j]).toBeCloseTo(value, 4);
});
