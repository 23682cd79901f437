import { describe, expect, test } from "vitest";
import { choose, InputError, nearest } from "../../src/base/index.ts";

describe("the nearest name", () => {
  test.each([
    ["blurr", "blur"],
    ["rescael", "rescale"], // two letters swapped
    ["ROTATION", "rotation"],
    ["vanila", "vanilla"],
  ])("of %s is %s", (name, expected) => {
    expect(nearest(name, ["blur", "rescale", "rotation", "vanilla"])).toBe(expected);
  });

  test("is none when nothing is near, or nothing is known", () => {
    expect(nearest("adversarial", ["blur", "wd"])).toBeUndefined();
    expect(nearest("blur", [])).toBeUndefined();
  });
});

describe("choosing by name", () => {
  const known = { blur: 1, rescale: 2 };

  test("gives what is known", () => {
    expect(choose("method", "blur", known)).toBe(1);
  });

  test("lists the known names, what came and the nearest", () => {
    expect(() => choose("method", "blurr", known)).toThrow(
      new InputError('method: expected one of blur, rescale, got "blurr"; did you mean "blur"?'),
    );
  });

  test("does not find what every object has", () => {
    expect(() => choose("method", "constructor", known)).toThrow(InputError);
    expect(() => choose("method", "__proto__", known)).toThrow(InputError);
  });
});
