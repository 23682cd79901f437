import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { digestBytes } from "../../src/base/index.ts";
import { workplace } from "./carryover.ts";

const results = join(import.meta.dirname, "../../docs/results");
const archiveOf = (study: string) => join(results, study, "rows.carryover.tar");
const studies = readdirSync(results).filter((name) => existsSync(archiveOf(name)));

describe.each(studies)("docs/results/%s", (study) => {
  const place = workplace();
  afterAll(() => place.remove());
  const published = (file: string) => readFileSync(join(results, study, file), "utf8");
  const made = (file: string) => readFileSync(join(place.folder, "out", file), "utf8");

  it("has the table, the figure and the verdicts that its rows give", async () => {
    for (const words of [
      ["import", archiveOf(study)],
      ["figure", study, "--format", "md,svg", "--out", "out"],
      ["claims", study, "--out", "out"],
    ])
      expect(await place.run(words, { real: true })).toMatchObject({ code: 0 });
    expect(made("table.md")).toBe(published("table.md"));
    expect(made("figure.svg") === published("figure.svg"), "figure.svg").toBe(true);
    expect(made("claims.md")).toBe(published("claims.md"));
  });

  it("has a manifest of the same trials and of the files beside it", () => {
    const of = (text: string): string[] => JSON.parse(text).trials.map(({ id }: { id: string }) => id);
    expect(of(published("manifest.json")).sort()).toEqual(of(made("manifest.json")).sort());
    const { files } = JSON.parse(published("manifest.json"));
    for (const file of ["figure.svg", "table.md"])
      expect(files[file], file).toBe(digestBytes(readFileSync(join(results, study, file))));
  });
});
