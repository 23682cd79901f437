import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { databaseFor, deviceOption } from "../../src/cli/options.ts";
import { defineStudy } from "../../src/index.ts";
import { workplace } from "./carryover.ts";

const place = workplace();
afterAll(() => place.remove());

/** What a newcomer's first mistakes are answered with. */
describe("a first mistake", () => {
  test.each([
    ["run quickstart --epochs 3", "expected --set epochs=<value> for a setting of the study"],
    ["theory", "theory: expected one of counterexample, bound, augmentation, got nothing"],
    ["worker --database mydatabase", "expected a URL such as postgres://"],
    ["transfer --model none.pth --target photos", `got nothing at ${join(place.folder, "none.pth")}`],
  ])("%s", async (words, sentence) => {
    const { code, stderr } = await place.run(words.split(" "));
    expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  test("a device that is called what PyTorch calls it", () => {
    expect(() => deviceOption("gpu")).toThrow('got "gpu"; cuda is the first NVIDIA GPU');
    expect(() => deviceOption("cuda:0")).toThrow("cuda is the first NVIDIA GPU");
    expect(() => deviceOption("cpuu")).toThrow('did you mean "cpu"');
    expect(deviceOption("cuda")).toBe("cuda");
  });

  test("a database that is no address, and one that is", () => {
    expect(() => databaseFor("./store")).toThrow("expected a URL such as po");
    expect(databaseFor("postgresql://me@host/db")).toBe("postgresql://me@host/db");
  });

  test("a syntax error in a study file is told with its line", async () => {
    const text = 'import { defineStudy } from "carryover";\n\nexport default defineStudy({{\n  name: "x"\n});\n';
    writeFileSync(join(place.folder, "bad.study.ts"), text);
    const { code, stderr } = await place.run(["run", "bad.study.ts"]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^carryover: study file bad\.study\.ts: .* at line 3\n$/),
    ]);
  });

  test("a misspelt key of a study that it needs is named, with the right spelling", () => {
    const study = { name: "x", pairs: [], model: "small-cnn", methods: [], schedule: { epochs: 1 }, sedes: 2 };
    expect(() => defineStudy(study as never)).toThrow('got "sedes"; did you mean "seeds"?');
  });
});
