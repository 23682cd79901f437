import { describe, expect, test } from "vitest";
import { methodStyle, methodStyles } from "../../src/figures/index.ts";
import { compareFamilies, rimOf } from "../../src/figures/method-style.ts";
import { methodKinds } from "../../src/studies/methods/registry.ts";

const quickstart = ["vanilla", "jr", "wd", "blur", "rescale"];

/** Linear RGB as others see it: Viénot, Brettel and Mollon (1999); tritanopia after Machado, Oliveira and Fernandes (2009). */
const sights = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanope: [0.11238, 0.88762, 0, 0.11238, 0.88762, 0, 0.00401, -0.00401, 1],
  deuteranope: [0.29275, 0.70725, 0, 0.29275, 0.70725, 0, -0.02234, 0.02234, 1],
  tritanope: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

/** CIE 1976 distance of two colours; about 2 is just noticeable side by side. */
function colourDistance(a: string, b: string, sight: readonly number[]): number {
  const [left, right] = [lab(a, sight), lab(b, sight)];
  return Math.hypot(...left.map((value, i) => value - (right[i] ?? 0)));
}

function lab(colour: string, sight: readonly number[]): number[] {
  const linear = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const [red = 0, green = 0, blue = 0] = [0, 1, 2].map((row) =>
    Math.min(
      1,
      Math.max(
        0,
        linear.reduce((sum, value, i) => sum + value * (sight[3 * row + i] ?? 0), 0),
      ),
    ),
  );
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505);
  const y = f(0.2126 * red + 0.7152 * green + 0.0722 * blue);
  const z = f((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

describe("the look of a method", () => {
  test("every kind that a study may sweep has one", () => {
    expect(Object.keys(methodKinds).filter((kind) => !Object.hasOwn(methodStyles, kind))).toEqual([]);
  });

  test("the quickstart's five are told apart by the shape alone", () => {
    expect(new Set(quickstart.map((kind) => methodStyle(kind).shape)).size).toBe(5);
  });

  test.each(Object.entries(sights))("colours stay apart for %s sight", (_, sight) => {
    const kinds = Object.keys(methodStyles);
    for (const [i, a] of kinds.entries())
      for (const b of kinds.slice(i + 1)) {
        const far = colourDistance(methodStyle(a).colour, methodStyle(b).colour, sight);
        if (methodStyle(a).shape === methodStyle(b).shape) expect(far, `${a} and ${b}`).toBeGreaterThan(20);
        if (quickstart.includes(a) && quickstart.includes(b)) expect(far, `${a} and ${b}`).toBeGreaterThan(15);
        if (sight === sights.normal) expect(far, `${a} and ${b}`).toBeGreaterThan(20);
      }
  });

  test("no two pairs of kinds look alike, nor does a pair look like a kind", () => {
    const kinds = Object.keys(methodStyles).filter((kind) => kind !== "vanilla");
    const pairs = kinds.flatMap((a) => kinds.filter((b) => b !== a).map((b) => `${a} + ${b}`));
    const looks = Map.groupBy([...kinds, "vanilla", ...pairs], (family) => {
      const style = methodStyle(family);
      return [style.colour, style.shape, rimOf(style).rim].join(" ");
    });
    expect([...looks.values()].filter((families) => families.length > 1)).toEqual([]);
    expect(methodStyle("jr + blur")).toMatchObject({
      colour: methodStyle("jr").colour,
      shape: methodStyle("blur").shape,
      second: methodStyle("blur").colour,
    });
  });

  test("an unknown kind and a combination get a look from their name alone", () => {
    expect(methodStyle("my-method")).toEqual(methodStyle("my-method"));
    expect(methodStyle("my-method").label).toBe("my-method");
    expect(methodStyle("jr + blur").label).toBe("Jacobian reg. + Gaussian blur");
    expect(["zebra", "at", "jr + blur", "jr", "vanilla"].toSorted(compareFamilies)).toEqual([
      "vanilla",
      "jr",
      "at",
      "jr + blur",
      "zebra",
    ]);
  });
});
