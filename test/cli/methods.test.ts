import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Transformer } from "@napi-rs/image";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { methodKinds } from "../../src/studies/index.ts";
import { tinyDataFolder } from "../studies/tiny-data.ts";
import { type Workplace, workplace } from "./carryover.ts";

let place: Workplace;
beforeAll(() => {
  place = workplace();
});
afterAll(() => place.remove());

const run = (words: string, environment = {}) => place.run(words.split(" "), { real: true, environment });

describe("carryover methods", () => {
  it("lists every kind, with what the paper says of it", async () => {
    const { code, stdout } = await run("methods");
    expect(code).toBe(0);
    for (const kind of Object.keys(methodKinds)) expect(stdout).toMatch(new RegExp(`^${kind} `, "m"));
    expect(stdout).toMatch(/^rotation .* no$/m);
    expect(stdout).toMatch(/^blur .* yes$/m);
    expect(stdout).toMatch(/^spectral .* not discussed$/m);
  });

  it("gives the same as JSON lines", async () => {
    const { stdout } = await run("methods --json");
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ kind }) => kind)).toEqual(Object.keys(methodKinds));
    expect(lines.find(({ kind }) => kind === "spectral").regulariser).toBeNull();
    expect(lines.find(({ kind }) => kind === "llot")).toMatchObject({ stronger: "smaller", sweep: [4, 2, 1, 0.5] });
  });

  const some = ["vanilla", "jr-code", "blur", "trades"] as const;
  it.each(some)("explains %s with its formula, unit and source", async (kind) => {
    const entry = methodKinds[kind];
    const { code, stdout } = await run(`methods ${kind}`);
    expect(code).toBe(0);
    for (const part of [entry.formula, entry.citation, ...Object.keys(entry.options)]) expect(stdout).toContain(part);
    if (entry.sweep.length > 0) expect(stdout).toContain(entry.unit);
  });

  it("writes a picture of images under each strength, with labels", async () => {
    const { code, stdout } = await run("methods blur --preview pictures", { CARRYOVER_DATA: tinyDataFolder() });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${join("pictures", "blur.png")}\n` });
    const png = readFileSync(join(place.folder, "pictures", "blur.png"));
    const { width, height } = await new Transformer(png).metadata();
    // Five columns and four rows of 32 x 4 pixels with gaps of 6, and two lines of text.
    expect(width).toBe(6 + 5 * (32 * 4 + 6));
    expect(height).toBe(6 + 4 * (32 * 4 + 6) + 2 * 17 + 6);
    const pixels = await new Transformer(png).rawPixels();
    const dark = (from: number, to: number) =>
      pixels.subarray(4 * width * from, 4 * width * to).filter((value, i) => i % 4 === 0 && value < 100).length;
    expect(dark(0, 17)).toBeGreaterThan(100);
    expect(dark(17, 36)).toBeGreaterThan(30);
  });

  it.each([
    [
      "methods jr --preview x",
      'methods: --preview: expected an augmentation (blur, rescale, noise, posterize, erase, rotation, translation, affine, perspective), got "jr", which changes no images by itself',
    ],
    ["methods --preview x", "methods: --preview: expected a method, as in methods blur --preview DIR, got none"],
    ["methods blr", `methods: expected one of ${Object.keys(methodKinds).join(", ")}, got "blr"; did you mean "blur"?`],
  ])("carryover %s is one sentence, and exit code 2", async (words, sentence) => {
    const { code, stdout, stderr } = await run(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(`carryover: ${sentence}\n`);
  });

  it("says what to do when there are no images to show", async () => {
    const { code, stdout, stderr } = await run("methods blur --preview x");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^carryover: methods: --preview: cifar10: .*; carryover datasets fetch cifar10 gets them/);
  });
});

describe("a study is refused before any work starts", () => {
  it.each([
    ["methods=at+trades", "methods: at+trades: expected at most one kind of adversarial training, got at and trades"],
    ["strengths.blur=4", "strengths.blur: expected an odd whole number from 1 to 63"],
    ["strengths.rescale=17", "strengths.rescale: expected a number from 1 to 16"],
    ["options.blur.probability=1.5", "blur: options.probability: expected a number in [0, 1], got 1.5"],
    ["options.jr.projections=0", "jr: projections: expected a whole number above 0, or -1 for exact, got 0"],
  ])("--set %s", async (setting, sentence) => {
    const { code, stdout, stderr } = await run(`run quickstart --set ${setting}`);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});
