import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { builtInStudies, methodKinds, overrideKeys } from "../../src/studies/index.ts";
import { workplace } from "./carryover.ts";

const page = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

describe("docs/commands.md", () => {
  it.each([
    "run",
    "serve",
    "worker",
    "status",
    "pause",
    "continue",
    "cancel",
    "figure",
    "export",
    "import",
    "verify",
    "attack",
    "train",
    "transfer",
    "compare",
    "export-model",
    "claims",
    "theory counterexample",
    "theory bound",
    "theory augmentation",
    "studies",
    "methods",
    "datasets",
    "doctor",
  ])("has every option of carryover %s", async (command) => {
    const place = workplace();
    const { stdout } = await place.run([...command.split(" "), "--help"]);
    place.remove();
    const options = [...stdout.matchAll(/^ +(--[a-z]+)/gm)].map(([, option]) => option ?? "");
    expect(options.filter((option) => !page("docs/commands.md").includes(option))).toEqual([]);
  });

  it("has every key of --set", () => {
    const keys = [...overrideKeys.keys()].map((key) =>
      key.replace(/^strengths\..*/, "strengths.<kind>").replace(/^options\..*/, "options.<kind>.<option>"),
    );
    expect(keys.filter((key) => !page("docs/commands.md").includes(`\`${key}\``))).toEqual([]);
  });
});

describe("docs/methods.md", () => {
  it.each(Object.entries(methodKinds))("has %s with its label, range and sweep", (kind, { label, range, sweep }) => {
    const line =
      page("docs/methods.md")
        .split("\n")
        .find((text) => text.startsWith(`| \`${kind}\` |`)) ?? "";
    if (kind !== "vanilla") expect(line.toLowerCase()).toContain(label.toLowerCase());
    expect(line.endsWith(sweep.length === 0 ? "| - |" : `| ${range.min} to ${range.max} | ${sweep.join(", ")} |`)).toBe(
      true,
    );
  });
});

describe("README.md", () => {
  it.each(Object.keys(builtInStudies))("names the study %s", (name) => {
    expect(page("README.md")).toContain(name);
  });
});
