import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { writeWhole } from "../src/base/index.ts";
import type { Machine } from "./machine.ts";
import type { Ceilings, Result } from "./result.ts";
import { ceilingsText, machineText, markdownTable, remarks } from "./table.ts";

export interface Report {
  /** When the run began, ISO 8601. */
  readonly at: string;
  readonly machine: Machine;
  readonly ceilings: Ceilings | undefined;
  readonly rounds: number;
  readonly results: readonly Result[];
}

const page = fileURLToPath(new URL("../docs/benchmark.md", import.meta.url));
const [begin, end] = ["<!-- results: written by npm run bench -- --write -->", "<!-- end of results -->"];

/** Writes bench/results/<date>-<cpu>.json and the results' part of docs/benchmark.md; returns both paths. */
export async function publish(report: Report): Promise<readonly string[]> {
  const name = `${report.at.slice(0, 10)}-${slug(report.machine.cpu)}.json`;
  const path = fileURLToPath(new URL(`./results/${name}`, import.meta.url));
  await writeWhole(path, Buffer.from(`${JSON.stringify(report, undefined, 2)}\n`));
  await writeWhole(page, Buffer.from(withResults(await readFile(page, "utf8"), report, name)));
  return [path, page];
}

/** The page with what stands between its two marks replaced. */
export function withResults(text: string, report: Report, file: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`benchmark page: expected the marks "${begin}" and "${end}", got none`);
  return `${text.slice(0, from + begin.length)}\n\n${resultsText(report, file)}\n\n${text.slice(to)}`;
}

function resultsText({ at, machine, ceilings, rounds, results }: Report, file: string): string {
  return [
    `${at.slice(0, 10)}, ${machineText(machine)}, ${rounds === 1 ? "1 round" : `${rounds} rounds`}. Every number is in \`bench/results/${file}\`.`,
    markdownTable(results),
    ceilings ? `Ceilings measured in the same run: ${ceilingsText(ceilings)}.` : "",
    remarks(results)
      .map((remark) => `- ${remark}`)
      .join("\n"),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

const slug = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
