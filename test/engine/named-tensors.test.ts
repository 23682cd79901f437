import fc from "fast-check";
import { expect, test } from "vitest";
import { float32, InputError, type Tensor, type Tree, tensor } from "../../src/base/index.ts";
import { digestTree, flattenTree, unflattenTree } from "../../src/engine/index.ts";

const one = float32([1], [1]);
const two = float32([1], [2]);

test("dotted names in the tree's order, and back", () => {
  const tree = { f: { conv1: { weight: one, bias: two } }, a: one };
  const flat = flattenTree(tree);
  expect(Object.entries(flat)).toEqual([
    ["f.conv1.weight", one],
    ["f.conv1.bias", two],
    ["a", one],
  ]);
  expect(unflattenTree(flat)).toEqual(tree);
  expect(JSON.stringify(unflattenTree(flat))).toBe(JSON.stringify(tree));
});

test("any tree of objects comes back", () => {
  const keys = fc
    .oneof(fc.string({ minLength: 1, unit: "binary" }), fc.constantFrom("__proto__", "constructor", "0"))
    .filter((key) => !key.includes("."));
  const { tree } = fc.letrec<{ tree: Tree<Tensor>; branch: Tree<Tensor> }>((tie) => ({
    branch: fc.oneof({ maxDepth: 3 }, fc.constantFrom(one, two), tie("tree")),
    tree: fc.array(fc.tuple(keys, tie("branch")), { minLength: 1, maxLength: 3 }).map(Object.fromEntries),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      expect(JSON.stringify(unflattenTree(flattenTree(value)))).toBe(JSON.stringify(value));
      expect(digestTree(unflattenTree(flattenTree(value)))).toBe(digestTree(value));
    }),
    { numRuns: 100 },
  );
});

test("trees without dotted names are our mistake", () => {
  expect(() => flattenTree(one)).toThrow(/got one tensor/);
  expect(() => flattenTree({ a: [one] })).toThrow(/at "a", got a list/);
  expect(() => flattenTree({ a: { "b.c": one } })).toThrow(/below "a", got "b.c"/);
  expect(() => flattenTree({ "": one })).toThrow(/got ""/);
});

test("names that describe no tree are the user's mistake", () => {
  for (const names of [["a", "a.b"], ["a.b", "a"], ["a..b"], [""], [".a"], ["a."]])
    expect(() => unflattenTree(Object.fromEntries(names.map((name) => [name, one])))).toThrow(InputError);
});

test("the digest tells name, type, shape and every bit apart, and nothing else", () => {
  const digest = digestTree({ a: one, b: two });
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(digestTree({ b: two, a: one })).toBe(digest);
  expect(digestTree({ a: float32([1], [1]), b: two })).toBe(digest);
  const others: Tree<Tensor>[] = [
    { a: two, b: one },
    { a: one, c: two },
    { a: one, b: float32([1, 1], [2]) },
    { a: one, b: float32([1], [2 + 2 ** -22]) },
    { a: one, b: tensor("int32", [1], new Int32Array(two.data.buffer)) },
    { a: one },
    { a: one, b: { b: two } },
  ];
  expect(new Set([digest, ...others.map((tree) => digestTree(tree))]).size).toBe(others.length + 1);
  expect(digestTree({ z: float32([1], [0]) })).not.toBe(digestTree({ z: float32([1], [-0]) }));
});
