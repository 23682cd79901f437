import type { Command } from "commander";
import { InputError, unknownName } from "../../base/index.ts";
import { dataOption } from "../options.ts";
import { bytesText, columns, print, printJson, printJsonLines } from "../output.ts";

interface Options {
  readonly data?: readonly string[];
  readonly json?: boolean;
}

export function addDatasets(program: Command): void {
  const datasets = program
    .command("datasets")
    .description("list, fetch and verify datasets")
    .allowExcessArguments()
    .action((_options: object, command: Command) => {
      const names = command.commands.map((child) => child.name());
      const [given] = command.args;
      throw given === undefined
        ? new InputError(`datasets: expected one of ${names.join(", ")}, got nothing`)
        : unknownName("datasets", given, names);
    });
  const add = (usage: string, description: string) =>
    datasets
      .command(usage)
      .description(description)
      .option(...dataOption)
      .option("--json", "one JSON value per line");
  add("list", "list the datasets and where they are on this machine").action(list);
  add("fetch", "download a dataset into the cache and verify it").argument("<name>", "a dataset's name").action(fetch);
  add("verify", "read a dataset: compare it with the official checksums, or, of your own, decode every image")
    .argument("<name>", "a dataset's name")
    .action(verify);
}

async function list({ data, json }: Options): Promise<void> {
  const { listDatasets } = await import("../../datasets/index.ts");
  const { foldersFor } = await import("../folders.ts");
  const folders = foldersFor(data);
  const all = await listDatasets(folders);
  if (json) return printJsonLines(all);
  const rows = all.map(({ name, classes, bytes, splits, description }) => [
    name,
    String(classes),
    bytesText(bytes),
    splits.map(({ split, where }) => `${split} ${where}`).join(", "),
    description,
  ]);
  print(columns(["dataset", "classes", "size", "on this machine", "what"], rows));
  print(
    `\nLocal folders: ${folders.dataDirs.join(", ") || "none (--data, CARRYOVER_DATA)"}\nCache: ${folders.cacheDir}`,
  );
}

async function fetch(name: string, { data, json }: Options): Promise<void> {
  const { fetchDataset } = await import("../../datasets/index.ts");
  const { foldersFor } = await import("../folders.ts");
  const { downloadReporter } = await import("../progress/downloads.ts");
  const folders = foldersFor(data);
  const report = downloadReporter(json ?? false);
  await fetchDataset(name, { ...folders, onProgress: report.progress });
  report.done();
  if (json) printJson({ dataset: name, folder: folders.cacheDir, fetched: true });
  else print(`${name}: the official files are in ${folders.cacheDir}, verified`);
}

async function verify(name: string, { data, json }: Options): Promise<void> {
  const { verifyDataset } = await import("../../datasets/index.ts");
  const { foldersFor } = await import("../folders.ts");
  const checks = await verifyDataset(name, foldersFor(data));
  if (json) for (const check of checks) printJson({ dataset: name, ...check });
  else
    for (const { split, state, images, folder, note } of checks)
      print(
        `${name} ${split}: ${state}${images === undefined ? "" : `, ${images} images`}${folder ? ` in ${folder}` : ""}: ${note}`,
      );
  const damaged = checks.filter(({ state }) => state === "damaged" || state === "absent");
  if (damaged.length > 0)
    throw new InputError(
      `datasets verify ${name}: expected readable files, got ${damaged.map(({ split, state }) => `${split} ${state}`).join(", ")}`,
    );
}
