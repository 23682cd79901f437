import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { digestBytes, InputError, importOwn, unknownName } from "../../base/index.ts";
import type { DatasetOptions, SplitName } from "../definition.ts";
import { listCsv } from "../image-files/csv.ts";
import { listFolder, named } from "../image-files/folder.ts";
import type { ImageList } from "../image-files/image-list.ts";
import { loadSplit } from "../image-files/load-list.ts";
import { hasShards, listShards } from "../image-files/shards.ts";
import { bytesOf } from "../images.ts";
import type { Dataset } from "../load.ts";
import { datasets } from "../registry.ts";
import { fitImages } from "../resize.ts";
import { checkImages, checkOwn, type OwnDefinition } from "./define-dataset.ts";

/** A dataset of the user's own in a data folder. */
export interface OwnDataset {
  readonly name: string;
  readonly kind: "module" | "csv" | "folder";
  readonly path: string;
}

const endings = [
  [".dataset.ts", "module"],
  [".dataset.js", "module"],
  [".dataset.mjs", "module"],
  [".csv", "csv"],
  ["", "folder"],
] as const;

/**
 * The dataset of that name in the data folders: `<name>.dataset.ts` (or .js, .mjs), `<name>.csv`, or a folder `<name>` of
 * images or of shards, in this order in each folder. Throws InputError, listing the known names, for another.
 */
export function findOwn(where: string, name: string, dataDirs: readonly string[]): OwnDataset {
  if (/^[\w][\w .-]*$/.test(name))
    for (const dir of dataDirs)
      for (const [ending, kind] of endings) {
        const path = join(dir, `${name}${ending}`);
        if (existsSync(path) && (kind === "folder") === statSync(path).isDirectory()) return { name, kind, path };
      }
  const { message } = unknownName(where, name, Object.keys(datasets));
  const looked = dataDirs.length > 0 ? `; looked in ${named(dataDirs)}` : "";
  throw new InputError(
    `${message}; data of your own: a folder of images, a .csv or a .dataset.ts of that name in a folder named by --data or CARRYOVER_DATA${looked}`,
  );
}

/** Whether a name is a dataset that is known or the user's own. Throws InputError when it is neither. */
export function checkDataset(where: string, name: string, dataDirs: readonly string[]): void {
  if (!Object.hasOwn(datasets, name)) findOwn(where, name, dataDirs);
}

/** One split of the user's own dataset. */
export async function loadOwn(own: OwnDataset, split: SplitName, options: DatasetOptions): Promise<Dataset> {
  const { name, kind, path } = own;
  if (kind === "csv") return loadSplit(name, await listCsv(path), split, options);
  if (kind === "module") return loadModule(own, split, options);
  return loadSplit(name, (await hasShards(path)) ? await listShards(path) : await listFolder(path), split, options);
}

async function loadModule({ name, path }: OwnDataset, split: SplitName, options: DatasetOptions): Promise<Dataset> {
  const definition = await importDefinition(path);
  if ("files" in definition) {
    const list = await listFiles(path, definition, split);
    return loadSplit(name, { train: list, test: list }, split, options);
  }
  const images = await definition.images(split);
  checkImages(`${path}: images("${split}")`, definition, images);
  const labels = Int32Array.from(images.labels);
  return {
    ...fitImages(images, options.side ?? 32),
    labels,
    classes: definition.classes,
    name,
    split,
    provenance: {
      official: false,
      note: `${definition.classes.length} classes of images of your own`,
      digest: digestBytes(bytesOf(images), labels),
      folder: dirname(path),
    },
  };
}

async function listFiles(
  path: string,
  definition: Extract<OwnDefinition, { files: unknown }>,
  split: SplitName,
): Promise<ImageList> {
  const folder = dirname(path);
  const labelOf = new Map(definition.classes.map((name, label) => [name, label]));
  const entries = (await definition.files(split)).map(({ path: file, label }) => {
    const index = labelOf.get(label);
    if (index === undefined) throw unknownName(`${path}: files("${split}"): ${file}: label`, label, definition.classes);
    return { name: file, label: index, file: resolve(folder, file) };
  });
  return { where: path, classes: definition.classes, entries, notes: [] };
}

const importDefinition = async (path: string): Promise<OwnDefinition> =>
  checkOwn(path, await importOwn(path, path, "defineDataset({ ... })"));
