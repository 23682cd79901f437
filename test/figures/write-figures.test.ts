import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import { afterAll, describe, expect, test } from "vitest";
import { digestBytes } from "../../src/base/index.ts";
import { figureSpec, renderPng, renderSvg, writeFigures } from "../../src/figures/index.ts";
import { relativeTransfer } from "../../src/metrics/relative-transfer.ts";
import { quickstartRows } from "./fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "carryover-figures-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("writing figures", () => {
  test("leaves all files and a manifest of their digests, and nothing half-written", async () => {
    const outDir = join(folder, "results", "quickstart");
    const rows = quickstartRows();
    const paths = await writeFigures(rows, { study: "quickstart", outDir, command: "carryover run quickstart" });
    const names = ["figure.png", "figure.svg", "figure.vl.json", "manifest.json", "rows.csv", "table.md", "table.tex"];
    expect(readdirSync(outDir).toSorted()).toEqual(names);
    expect(paths.map((path) => path.slice(outDir.length + 1)).toSorted()).toEqual(names);

    const manifest = JSON.parse(readFileSync(join(outDir, "manifest.json"), "utf8"));
    expect(manifest).toMatchObject({ study: "quickstart", command: "carryover run quickstart", seeds: [0, 1] });
    expect(Object.keys(manifest)).not.toContain("git");
    expect(manifest.trials).toHaveLength(rows.length);
    expect(manifest.environments).toHaveLength(1);
    for (const [name, digest] of Object.entries(manifest.files))
      expect(digestBytes(readFileSync(join(outDir, name)))).toBe(digest);
    expect(Object.keys(manifest.files)).toHaveLength(6);
  });

  test("the same rows in another order make the same bytes", async () => {
    const written = async (name: string, rows: ReturnType<typeof quickstartRows>) => {
      const paths = await writeFigures(rows, { study: "order", outDir: join(folder, name) });
      return paths.filter((path) => !path.endsWith("manifest.json")).map((path) => digestBytes(readFileSync(path)));
    };
    expect(await written("a", quickstartRows())).toEqual(await written("b", quickstartRows().toReversed()));
  });

  test("writes only the formats that are asked for", async () => {
    const outDir = join(folder, "some");
    await writeFigures(quickstartRows(), { study: "some", outDir, formats: ["tex", "csv"] });
    expect(readdirSync(outDir).toSorted()).toEqual(["manifest.json", "rows.csv", "table.tex"]);
    // A program that asks for figures was not typed.
    expect(JSON.parse(readFileSync(join(outDir, "manifest.json"), "utf8")).command).toBe(null);
  });

  test("without rows, or where nothing can be written, it is one sentence", async () => {
    await expect(writeFigures([], { study: "empty", outDir: folder })).rejects.toMatchObject({
      name: "InputError",
      message: 'figures: expected at least one row of study "empty", got none',
    });
    const file = join(folder, "file");
    writeFileSync(file, "");
    await expect(
      writeFigures(quickstartRows(), { study: "x", outDir: join(file, "under"), formats: ["csv"] }),
    ).rejects.toMatchObject({ name: "InputError", message: expect.stringContaining(file) });
  });
});

describe("the PNG", () => {
  test("is as large as the SVG times its scale, and its text is drawn with the figures' own font", async () => {
    const svg = await renderSvg(figureSpec(relativeTransfer(quickstartRows()), { study: "png" }));
    const [, width = "0", height = "0"] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? [];
    const png = Buffer.from(await renderPng(svg, 2));
    expect(png.readUInt32BE(16)).toBe(2 * Number(width));
    expect(png.readUInt32BE(20)).toBe(2 * Number(height));

    const darkPixels = (image: { pixels: Buffer }) =>
      image.pixels.reduce((sum, value, i) => sum + (i % 4 === 0 && value < 100 ? 1 : 0), 0);
    const options = { fitTo: { mode: "zoom" as const, value: 2 } };
    const withoutFont = new Resvg(svg, { ...options, font: { loadSystemFonts: false } }).render();
    expect(Buffer.from(withoutFont.asPng()).equals(png)).toBe(false);
    expect(darkPixels(withoutFont)).toBeGreaterThan(0);
    expect(png.length).toBeGreaterThan(1.5 * withoutFont.asPng().length);
  });
});
