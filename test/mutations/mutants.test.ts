import { expect, test } from "vitest";
import { applyMutant, mutantsOf } from "./mutants.ts";

const changed = (source: string) => mutantsOf("a.ts", source).map((mutant) => applyMutant(source, mutant));

test("operators are swapped and boundaries shifted", () => {
  expect(changed("const a = b * c;")).toEqual(["const a = b / c;"]);
  expect(changed("const a = b < c;")).toEqual(["const a = b <= c;", "const a = b > c;"]);
  expect(changed("const a = np.multiply(b);")).toEqual(["const a = np.divide(b);"]);
});

test("constants are one more and one less, minus signs, statements and negations go", () => {
  expect(changed("const a = 3;")).toEqual(["const a = (4);", "const a = (2);"]);
  expect(changed("const a = -b;")).toEqual(["const a = b;"]);
  expect(changed("const a = !b;")).toEqual(["const a = b;"]);
  expect(changed("a();")).toEqual([";"]);
});

test("conditions are negated, neighbouring arguments swapped", () => {
  expect(changed("const x = a ? b : c;")).toEqual(["const x = !(a) ? b : c;"]);
  expect(changed("const x = a(b, c, d);")).toEqual(["const x = a(c, b, d);", "const x = a(b, d, c);"]);
});

test("types, imports, comments and what is thrown are left alone; lines are counted from 1", () => {
  const source = 'import { a } from "b"; // 1 + 1\ntype A = 1 | 2;\nif (a) throw new Error(1 + 1);\n';
  expect(mutantsOf("a.ts", source).map(({ line, from, to }) => [line, from, to])).toEqual([
    [3, "a", "!(a)"],
    [3, "throw new Error(1 + 1);", ";"],
  ]);
});
