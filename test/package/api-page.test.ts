import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { apiPage } from "./api-page.ts";

test("docs/api.md is what the docstrings say, and every function has one (npm run docs:api writes it)", () => {
  const page = apiPage();
  expect(page).toBe(readFileSync(join(import.meta.dirname, "../../docs/api.md"), "utf8"));
  const functions = page.slice(page.indexOf("## Functions"), page.indexOf("## Values"));
  const sections = functions.split(/^### /m).slice(1);
  expect(sections.length).toBeGreaterThan(25);
  expect(sections.filter((section) => /^\S+\n\n```/.test(section)).map((section) => section.split("\n")[0])).toEqual(
    [],
  );
});
