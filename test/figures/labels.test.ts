import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { textWidth, wrapText } from "../../src/figures/font.ts";
import { type Box, placeLabels } from "../../src/figures/label-placement.ts";

const frame: Box = { left: 0, top: 0, right: 300, bottom: 200 };
const wish = fc.record({
  x: fc.double({ min: 0, max: 300, noNaN: true }),
  y: fc.double({ min: 0, max: 200, noNaN: true }),
  radius: fc.double({ min: 2, max: 8, noNaN: true }),
  texts: fc.constant([
    { text: "a long one", width: 44, height: 9 },
    { text: "short", width: 20, height: 9 },
  ]),
});
const widthOf = (text: string) => (text === "short" ? 20 : 44);

describe("labels", () => {
  test("lie within the frame and touch neither each other nor a dot", () => {
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 30 }), (wishes) => {
        const placed = placeLabels(wishes, [], frame).map(({ text, x, y, wish: own }) => ({
          own,
          box: { left: x - widthOf(text) / 2, right: x + widthOf(text) / 2, top: y - 4.5, bottom: y + 4.5 },
        }));
        const touches = (a: Box, b: Box) =>
          a.left < b.right - 1e-9 && b.left < a.right - 1e-9 && a.top < b.bottom - 1e-9 && b.top < a.bottom - 1e-9;
        for (const [i, { box, own }] of placed.entries()) {
          expect(box.left >= 0 && box.right <= 300 && box.top >= 0 && box.bottom <= 200).toBe(true);
          expect(placed.slice(i + 1).some((other) => touches(box, other.box))).toBe(false);
          const dots = wishes.map(({ x, y, radius: r }) => ({ left: x - r, right: x + r, top: y - r, bottom: y + r }));
          expect(dots.some((dot, at) => at !== own && touches(box, dot))).toBe(false);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("keep clear of a line where they can", () => {
    const texts = [{ text: "short", width: 20, height: 9 }];
    const across = { left: 0, right: 300, top: 99, bottom: 101 };
    const [label] = placeLabels([{ x: 150, y: 100, radius: 4, texts }], [across], frame);
    expect(Math.abs((label?.y ?? 100) - 100)).toBeGreaterThan(5);
  });
});

describe("text", () => {
  test("is as wide as Helvetica's metrics say", () => {
    // Adobe's AFM of Helvetica, thousandths of an em: A 667, W 944, i 222, space 278, zero 556; Bold: A 722, i 278.
    for (const [letter, width] of Object.entries({ A: 667, W: 944, i: 222, " ": 278, "0": 556 }))
      expect(Math.round(textWidth(letter, 1000))).toBe(width);
    expect(Math.round(textWidth("Ai", 1000, "bold"))).toBe(722 + 278);
    expect(textWidth("AW", 10)).toBeCloseTo(16.11, 2);
  });

  test("wraps between words, and keeps them all", () => {
    const text = "the quick brown fox jumps over the lazy dog";
    const lines = wrapText(text, 80, 10);
    expect(lines.join(" ")).toBe(text);
    expect(lines.every((line) => textWidth(line, 10) <= 80)).toBe(true);
    expect(wrapText("unbreakable", 5, 10)).toEqual(["unbreakable"]);
  });
});
