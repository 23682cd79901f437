import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The package as its users get it: packed, checked by publint and are-the-types-wrong, then installed from the tarball into
 * an empty folder with each Node that is supported, where the command, a program, its types and a small quickstart, from
 * real images to its figure, are tried. `npm run check:package`, or `npm run check:package -- 24` for one Node. Needs the npm
 * registry; about half a minute for each Node on a quiet machine.
 */
const root = join(import.meta.dirname, "../..");
const versions = (process.argv[2] ?? "22,24,26").split(",");

/** The quickstart of two trials, from MNIST alone, whose download is small. */
const smallQuickstart = [
  ...["source.dataset=mnist", "source.train=200", "source.validation=50", "source.test=50"],
  ...["target.train=200", "target.validation=50", "target.test=50", "attack.examples=10", "attack.health=false"],
  ...["attack.target=false", "methods=blur", "strengths.blur=3", "seeds=1", "epochs=1"],
].flatMap((set) => ["--set", set]);

const program = `import { attack, claims, defineStudy, runStudy, trainSource, transfer, InputError } from "carryover";
const all: Function[] = [attack, claims, defineStudy, runStudy, trainSource, transfer];
if (!all.every((each) => typeof each === "function")) throw new Error("not all functions are there");
const pixels = Uint8Array.from({ length: 40 * 3072 }, (_, i) => (i * 7919) % 256);
const labels = Int32Array.from({ length: 40 }, (_, i) => i % 2);
const shape: [number, number, number, number] = [40, 3, 32, 32];
const images = { pixels, shape, labels, classes: ["a", "b"] };
const schedule = { epochs: 1, batch: 20, learningRate: 0.01 };
const trained = await trainSource(images, { model: "small-cnn", schedule });
const { clean, robust } = await attack(trained, images, { eps: 0.1, health: 0 });
if (!(robust.value <= clean.value)) throw new Error("robust above clean");
// @ts-expect-error eps is not a text
await attack(trained, images, { eps: "0.1" }).then(() => { throw new Error("took a text"); }, (error: unknown) => {
  if (!(error instanceof InputError)) throw error;
});
console.log("program ok");
`;

const typescript = ["--noEmitOnError", "--module", "nodenext", "--target", "es2024", "--types", "node"];

function run(folder: string, command: string, ...words: readonly string[]): string {
  // onnxruntime's install script would download CUDA's libraries from nuget.org, which nothing here needs.
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
  return execFileSync(command, words, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], env });
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

const work = mkdtempSync(join(tmpdir(), "carryover-package-"));
try {
  run(root, "npm", "run", "build", "--silent");
  const tarball = join(
    work,
    run(root, "npm", "pack", "--silent", "--pack-destination", work).trim().split("\n").at(-1) ?? "",
  );
  const contents = run(work, "tar", "-tzf", tarball).trim().split("\n");
  const strangers = contents.filter(
    (path) => !/^package\/(dist|docs)\/|^package\/(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path),
  );
  if (strangers.length > 0) throw new Error(`in the tarball and not meant to be: ${strangers.join(", ")}`);
  for (const needed of [
    "dist/index.js",
    "dist/index.d.ts",
    "dist/cli/main.js",
    "dist/web/index.html",
    "dist/web/report/index.html",
  ])
    if (!contents.includes(`package/${needed}`)) throw new Error(`${needed} is not in the tarball`);
  tell(`${contents.length} files in the tarball`);
  run(root, "npx", "publint", "--strict");
  run(root, "npx", "attw", "--profile", "esm-only", "--quiet", tarball);
  tell("publint and are-the-types-wrong: nothing to say");
  for (const version of versions) {
    const folder = mkdtempSync(join(work, `node${version}-`));
    writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
    writeFileSync(join(folder, "program.mts"), program);
    const wanted = [tarball, `node@${version}`, "typescript@7", "@types/node@24"];
    run(folder, "npm", "install", "--silent", "--no-fund", "--no-audit", ...wanted);
    const node = run(folder, "npx", "node", "--version").trim();
    run(folder, "npx", "tsc", "--strict", "--skipLibCheck", ...typescript, "program.mts");
    if (!run(folder, "npx", "node", "program.mjs").includes("program ok"))
      throw new Error(`${node}: the program failed`);
    const help = run(folder, "npx", "carryover", "--help");
    if (!help.includes("carryover")) throw new Error(`${node}: no help`);
    run(folder, "npx", "carryover", "run", "quickstart", "--no-serve", "--json", ...smallQuickstart);
    for (const made of ["figure.svg", "figure.png", "rows.csv", "table.md", "manifest.json"])
      if (!existsSync(join(folder, "results/quickstart", made)))
        throw new Error(`${node}: the quickstart made no ${made}`);
    tell(`${node}: installed, types hold, the program, the command and a small quickstart run`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
