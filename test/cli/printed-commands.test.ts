import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { workplace } from "./carryover.ts";

const root = join(import.meta.dirname, "../..");
const place = workplace();
afterAll(() => place.remove());

const docs = readdirSync(join(root, "docs"), { encoding: "utf8", recursive: true });
const pages = ["README.md", ...docs.map((name) => `docs/${name}`)].filter((name) => name.endsWith(".md"));

const textOf = (page: string): string => readFileSync(join(root, page), "utf8");

/** What GitHub calls a page's headings in addresses. */
const anchorsOf = (page: string): string[] =>
  [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

/** Every line of a page's code blocks without a language, comments taken off. */
function printedLines(page: string): string[] {
  const blocks = [...textOf(page).matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)];
  return blocks
    .filter(([, language]) => language === "" || language === "sh")
    .flatMap(([, , block = ""]) => block.split("\n"))
    .map((line) => line.replace(/\s+#.*$/, "").trim());
}

const carryoverWords = (line: string): string | undefined =>
  /^(?:npm run carryover --|(?:npx )?carryover)\s+(.*)$/.exec(line)?.[1]?.split(" && ")[0];

const helps = new Map<string, Promise<string>>();
const helpOf = (command: string): Promise<string> => {
  const known = helps.get(command) ?? place.run([...command.split(" "), "--help"]).then(({ stdout }) => stdout);
  helps.set(command, known);
  return known;
};

const scripts: Record<string, string> = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts;
const ofNpm = ["ci", "start", "test", "install", "pack"];
const groups = ["theory", "datasets"];

describe.each(pages)("the commands printed in %s", (page) => {
  it("are there, with their options", async () => {
    for (const line of printedLines(page)) {
      const words = carryoverWords(line)?.match(/"[^"]*"|\S+/g) ?? undefined;
      if (words === undefined || words[0]?.startsWith("<")) continue;
      const command = groups.includes(words[0] ?? "") ? words.slice(0, 2).join(" ") : (words[0] ?? "");
      const help = await helpOf(command);
      expect(help, `${line}: no such command`).toContain(`Usage: carryover ${command}`);
      for (const option of words.filter((word) => /^--[a-z]/.test(word)))
        expect(help, line).toMatch(new RegExp(`${option.split("=")[0]}\\b`));
    }
  });

  it("name scripts of package.json and files that exist", () => {
    for (const line of printedLines(page)) {
      for (const [, script = ""] of line.matchAll(/npm run (?:-s )?([\w:-]+)/g))
        expect(scripts, line).toHaveProperty([script]);
      for (const [, word = ""] of line.matchAll(/npm (?!run\b)(\w+)/g)) expect(ofNpm, line).toContain(word);
      for (const [path] of line.matchAll(/\b(?:examples|bench|src|test)\/[\w./-]+\.\w+/g))
        expect(existsSync(join(root, path)), line).toBe(true);
    }
  });

  it("and links lead to files and headings", () => {
    for (const [, path = "", anchor = ""] of textOf(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)) {
      const target = path === "" ? page : join(page, "..", path);
      expect(existsSync(join(root, target)), target).toBe(true);
      if (anchor !== "") expect(anchorsOf(target), `${target}#${anchor}`).toContain(anchor);
    }
  });
});

it("docs/README.md leads to every page, once; a study's own are led to by the page of results", () => {
  const index = textOf("docs/README.md");
  const names = pages.map((page) => page.replace("docs/", "")).filter((name) => !/^README|results\/.*\//.test(name));
  for (const name of names) expect(index.split(`](${name})`).length - 1, name).toBe(1);
});
