import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { rowsCsv } from "../../src/figures/index.ts";
import { builtInStudies, methodKinds, overrideKeys } from "../../src/studies/index.ts";
import { quickstartRows } from "../figures/fixture.ts";
import { workplace } from "./carryover.ts";

const page = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

/** What docs/commands.md says of a command. */
function sectionOf(command: string): string {
  const [word = ""] = command.split(" ");
  const sections = page("docs/commands.md").split(/^## carryover /m);
  return sections.find((text) => new RegExp(`(^|, )${word}(?![a-z-])`).test(text.split("\n")[0] ?? "")) ?? "";
}

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
    const options = [...stdout.matchAll(/^ +(?:-\w, )?(--[a-z][a-z-]*)/gm)].map(([, option]) => option ?? "");
    // The page's head says of --json that every command takes it.
    const wanted = options.filter((option) => option !== "--json" && option !== "--help");
    const section = sectionOf(command);
    expect(wanted.filter((option) => !new RegExp(`${option}(?![a-z-])`).test(section))).toEqual([]);
  });

  it("has every column of rows.csv", () => {
    const [header = ""] = rowsCsv(quickstartRows()).split("\r\n");
    const columns = header.split(",");
    const section = page("docs/commands.md").split("## rows.csv\n")[1]?.split(/^## /m)[0] ?? "";
    const told = new Set([...section.matchAll(/`([a-z]\w*)`/gi)].map(([, name = ""]) => name));
    // A count stands behind its number, by a rule that the page tells.
    const counts = new Set(columns.map((name) => `${name}_n`));
    expect(columns.filter((name) => !told.has(name) && !counts.has(name))).toEqual([]);
    expect([...told].filter((name) => name.includes("_") && !columns.includes(name))).toEqual([]);
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
