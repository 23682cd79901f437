import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(import.meta.dirname, "../..");

interface Declared {
  readonly name: string;
  readonly kind: "function" | "interface" | "type" | "value" | "class";
  readonly doc: string;
  readonly code: string;
}

/** docs/api.md, made of the declarations that src/index.ts exports and their docstrings. `npm run docs:api` writes it. */
export function apiPage(): string {
  const folder = mkdtempSync(join(tmpdir(), "carryover-api-"));
  try {
    const tsc = fileURLToPath(import.meta.resolve("typescript/package.json")).replace(/package\.json$/, "bin/tsc");
    const words = ["-p", "tsconfig.build.json", "--emitDeclarationOnly", "--outDir", folder];
    execFileSync(process.execPath, [tsc, ...words], { cwd: root, stdio: "pipe" });
    return pageOf((path) => readFileSync(join(folder, path), "utf8"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pageOf(read: (path: string) => string): string {
  const all = exportsOf(read("index.d.ts"))
    .map(({ from, inner, outer }) => ({ ...find(read, posix.normalize(from), inner), name: outer }))
    .sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
  const sections = [
    ["Functions", all.filter(({ kind }) => kind === "function")],
    ["Values", all.filter(({ kind }) => kind === "value" || kind === "class")],
    ["Types", all.filter(({ kind }) => kind === "interface" || kind === "type")],
  ] as const;
  const lines = [
    "# API",
    "",
    'What `import { ... } from "carryover"` gives, from the docstrings of the sources (`npm run docs:api` writes this page).',
    "It keeps its meaning within a major version. [Extending](extending.md) shows it in use.",
  ];
  for (const [title, members] of sections) {
    lines.push("", `## ${title}`);
    for (const { name, doc, code } of members)
      lines.push("", `### ${name}`, "", ...(doc ? [doc, ""] : []), "```ts", code, "```");
  }
  return `${lines.join("\n")}\n`;
}

/** `export { type A, b as c } from "./x.js"`, entry by entry. */
function exportsOf(text: string): { from: string; inner: string; outer: string }[] {
  return [...text.matchAll(/export (?:type )?\{([^}]*)\} from "([^"]+)"/g)].flatMap(([, names = "", from = ""]) =>
    names
      .split(",")
      .map((name) => name.trim().replace(/^type /, ""))
      .filter((name) => name !== "")
      .map((name) => {
        const [inner = "", outer = inner] = name.split(" as ");
        return { from: from.replace(/\.[jt]s$/, ".d.ts"), inner, outer };
      }),
  );
}

/** The declaration of a name in a module, through re-exports. */
function find(read: (path: string) => string, path: string, name: string): Declared {
  const text = read(path);
  for (const { from, inner, outer } of exportsOf(text))
    if (outer === name) return find(read, posix.join(posix.dirname(path), from), inner);
  const pattern = new RegExp(
    `((?:/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\n)?)export (?:declare )?(?:abstract )?(function|interface|type|const|class)\\*? ${name}\\b`,
  );
  const match = pattern.exec(text);
  if (!match) {
    // A third party's, handed on.
    const handed = new RegExp(
      `export (?:declare )?(?:const|import) \\{?[^;]*\\b${name}\\b[^;]*;|import [^;]*\\b${name}\\b[^;]*;`,
    ).exec(text);
    return { name, kind: "value", doc: "", code: handed?.[0].trim() ?? name };
  }
  const [whole, doc = "", word = ""] = match;
  const start = match.index + doc.length;
  const code = text.slice(start, endOf(text, start + whole.length - doc.length)).replace(/^export (declare )?/, "");
  const kind =
    word === "const"
      ? /:\s*(<|\()/.test(code.split("\n")[0] ?? "")
        ? "function"
        : "value"
      : (word as Declared["kind"]);
  return { name, kind, doc: plain(doc), code };
}

/** Where a declaration ends: at the first line end on which no bracket is open. */
function endOf(text: string, from: number): number {
  const start = text.lastIndexOf("\n", from) + 1;
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at] ?? "";
    if ("{([".includes(character)) depth++;
    else if ("})]".includes(character)) depth--;
    else if (character === "\n" && depth === 0 && /[;}]\s*$/.test(text.slice(start, at))) return at;
  }
  return text.length;
}

/** A docstring's words, its lines joined. */
function plain(doc: string): string {
  return doc
    .replace(/^\/\*\*\s?|\s*\*\/\s*$/g, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .trim();
}

if (process.argv[1] === import.meta.filename) writeFileSync(join(root, "docs/api.md"), apiPage());
