import { expect, test } from "vitest";
import { Lowering } from "../../src/engine/lowering.ts";
import type { Node } from "../../src/engine/nodes.ts";

const image: Node = { id: 1, op: "input", inputs: [], attributes: {}, shape: [2, 16, 4, 4], type: "float32" };

test("a value is brought to the other layout once, whoever asks for it", () => {
  const lowering = new Lowering({ block: 8 });
  lowering.setPlain(image, "x");
  expect(lowering.plain(image)).toBe("x");
  expect(lowering.isBlocked(image)).toBe(false);
  const blocked = lowering.blocked(image);
  const written = lowering.graph.nodes.length;
  expect(written).toBeGreaterThan(0);
  expect(lowering.blocked(image)).toBe(blocked);
  expect(lowering.plain(image)).toBe("x");
  expect(lowering.graph.nodes).toHaveLength(written);
});

test("a value that was computed in blocks is known as such; one that nobody wrote is our own mistake", () => {
  const lowering = new Lowering({ block: 8 });
  expect(() => lowering.plain(image)).toThrow("lowering: input was read before it was written");
  lowering.setBlocked(image, "b");
  expect(lowering.isBlocked(image)).toBe(true);
  expect(lowering.blocked(image)).toBe("b");
  expect(lowering.plain(image)).not.toBe("b");
});
