import { expect, test } from "vitest";
import { curveSpec, renderSvg } from "../../src/figures/index.ts";

const meta = { title: "a model, cifar10", subtitle: "pgd", epsTitle: "ε (ℓ2, pixels in [0, 1])", chance: 0.1 };
const points = [0.5, 0, 0.25].map((eps) => ({ eps, robust: { value: 0.8 - eps, n: 100 } }));

test("the curve is the same whatever the order of its points, in percent, with Wilson's intervals", async () => {
  expect(curveSpec(points.toReversed(), meta)).toEqual(curveSpec(points, meta));
  const { values } = curveSpec(points, meta).data as { values: Record<string, number>[] };
  expect(values.map(({ at, accuracy }) => [at, Math.round(accuracy ?? 0)])).toEqual([
    [0, 80],
    [0.25, 55],
    [0.5, 30],
  ]);
  // Wilson's interval of 80 of 100: [0.7112, 0.8666].
  expect(values[0]?.low).toBeCloseTo(71.12, 2);
  expect(values[0]?.high).toBeCloseTo(86.66, 2);
  expect(await renderSvg(curveSpec(points, meta))).toContain("Robust accuracy (%)");
});
