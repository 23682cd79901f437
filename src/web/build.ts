import { readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

/**
 * Builds the page into the folder that is named: its script, what draws charts in one of its own, which need not be there
 * for the first sight, the style sheet and the fonts. Below `report/` the same page with all of its script in one, since it
 * is written into the HTML report, and a file cannot load others from where it was opened.
 */
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("build.ts: expected the folder that the page goes into, got nothing");

const page = (outDir: string, base: string, codeSplitting: boolean) =>
  build({
    root: fileURLToPath(new URL(".", import.meta.url)),
    base,
    configFile: false,
    logLevel: "warn",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir,
      emptyOutDir: true,
      target: "es2023",
      modulePreload: false,
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 3000,
      rolldownOptions: { output: codeSplitting ? {} : { codeSplitting } },
    },
  });

await page(resolve(folder), "/", true);
const report = resolve(folder, "report");
await page(report, "/report/", false);
// The report is set in the reader's own fonts.
for (const name of await readdir(join(report, "assets")))
  if (name.endsWith(".ttf")) await rm(join(report, "assets", name));
