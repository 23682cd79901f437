import { describe, expect, test } from "vitest";
import {
  checkShape,
  dropSpareBuffers,
  float32,
  free,
  InputError,
  sizeOf,
  takeBuffer,
  tensor,
} from "../../src/base/index.ts";

describe("tensors", () => {
  test("hold as many elements as their shape says", () => {
    expect(float32([2, 3])).toEqual({ dtype: "float32", shape: [2, 3], data: new Float32Array(6) });
    expect(sizeOf([])).toBe(1);
    expect(sizeOf([4, 0, 2])).toBe(0);
    expect(() => tensor("int32", [2, 2], new Int32Array(3))).toThrow("expected 4 elements for shape [2,2], got 3");
  });

  test("a wrong shape is the user's error, and says where, what was expected and what came", () => {
    expect(() => checkShape("features: images", [8, 3, 32, 32], [-1, 3, 32, 32])).not.toThrow();
    expect(() => checkShape("features: images", [2, 3, 32], [-1, 3, 32, 32])).toThrow(
      new InputError("features: images: expected shape [any, 3, 32, 32], got [2, 3, 32]"),
    );
    expect(() => checkShape("x", [2, 1], [-1, 3], "[batch, 3]")).toThrow("expected shape [batch, 3], got [2, 1]");
  });

  test("memory that was taken and freed is taken again, until it is dropped; what nobody took is not kept", () => {
    const length = 100_000;
    const sevens = (buffer: ArrayBuffer) => float32([length], new Float32Array(buffer).fill(7));
    const first = () => new Float32Array(takeBuffer(4 * length))[0];
    free(sevens(new ArrayBuffer(4 * length)));
    // New memory is zeros.
    expect(first()).toBe(0);
    free([sevens(takeBuffer(4 * length)), sevens(takeBuffer(4 * length)), sevens(takeBuffer(4 * length))]);
    expect([first(), first(), first(), first()]).toEqual([7, 7, 7, 0]);
    free(sevens(takeBuffer(4 * length)));
    dropSpareBuffers();
    expect(first()).toBe(0);
  });

  test("a freed tree holds no memory, and what shares none with it keeps its own", () => {
    const kept = float32([2], [1, 2]);
    const state = { weight: float32([3], [1, 2, 3]), rest: [tensor("int32", [2], kept.data.slice() as never)] };
    free(state);
    expect([state.weight.data.byteLength, state.rest[0]?.data.byteLength]).toEqual([0, 0]);
    expect([...kept.data]).toEqual([1, 2]);
  });
});
