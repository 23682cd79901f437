import { describe, expect, it } from "vitest";
import type { Dot } from "../../src/web/charts/dots.ts";
import { placeNames } from "../../src/web/charts/place-names.ts";

const frame = { x: [0, 100], y: [0, 100], logarithmic: false, width: 500, height: 400 } as const;
const dot = (name: string, x: number, y: number) => ({ name, family: name, textColour: "#000", x, y }) as Dot;

describe("placeNames", () => {
  it("puts a lone name to the right of its dot and above it: 11 and 9 pixels of 500 and 400", () => {
    const [placed] = placeNames([dot("blur", 50, 50)], frame);
    expect(placed).toMatchObject({ name: "blur", align: "left" });
    expect(placed?.x).toBeCloseTo(50 + (11 / 500) * 100, 9);
    expect(placed?.y).toBeCloseTo(50 + (9 / 400) * 100, 9);
  });

  it("keeps names of neighbouring dots apart, and within the frame", () => {
    const placed = placeNames([dot("rescale", 50, 50), dot("blur", 52, 50.5), dot("WD", 99, 50)], frame);
    const boxes = placed.map(({ name, x, y, align }) => {
      const [at, width] = [x * 5, 6.4 * name.length];
      const left = align === "left" ? at : at - width;
      return { left, right: left + width, middle: (100 - y) * 4 };
    });
    for (const [i, a] of boxes.entries()) {
      expect(a.left).toBeGreaterThanOrEqual(0);
      expect(a.right).toBeLessThanOrEqual(500);
      for (const b of boxes.slice(i + 1))
        expect(a.right <= b.left || b.right <= a.left || Math.abs(a.middle - b.middle) >= 12).toBe(true);
    }
  });

  it("counts pixels on a logarithmic axis", () => {
    const [placed] = placeNames([dot("JR", 10, 50)], { ...frame, x: [1, 100], logarithmic: true });
    // Two decades over 500 pixels.
    expect(placed?.x).toBeCloseTo(10 ** (1 + 11 / 250), 9);
  });
});
