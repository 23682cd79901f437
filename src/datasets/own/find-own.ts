import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { digestBytes, InputError, importOwn, unknownName } from "../../base/index.ts";
import type { DatasetOptions, SplitName } from "../definition.ts";
import { listCsv } from "../image-files/csv.ts";
import { imageName, listFolder, named } from "../image-files/folder.ts";
import type { ImageList } from "../image-files/image-list.ts";
import { loadSplit } from "../image-files/load-list.ts";
import { entriesOf } from "../image-files/members.ts";
import { hasShards, listShards } from "../image-files/shards.ts";
import { bytesOf } from "../images.ts";
import type { Dataset } from "../load.ts";
import { datasets } from "../registry.ts";
import { fitImages } from "../resize.ts";
import { checkFiles, checkImages, checkOwn, type OwnDefinition } from "./define-dataset.ts";

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
  for (const dir of dataDirs) {
    const [own] = ownIn(dir, name);
    if (own) return own;
  }
  const { message } = unknownName(where, name, Object.keys(datasets));
  const looked = dataDirs.length > 0 ? `; looked in ${named(dataDirs)}` : "";
  throw new InputError(
    `${message}; data of your own: a folder of images, a .csv or a .dataset.ts of that name in a folder named by --data or CARRYOVER_DATA${looked}`,
  );
}

/** What of a name is in a data folder; nothing for a name that leads out of it or is hidden. */
function ownIn(dir: string, name: string): OwnDataset[] {
  if (!/^[^./\\][^/\\]*$/.test(name)) return [];
  return endings
    .map(([ending, kind]) => ({ name, kind, path: join(dir, `${name}${ending}`) }))
    .filter(({ kind, path }) => existsSync(path) && (kind === "folder") === statSync(path).isDirectory());
}

/** Throws InputError for data of one's own under the name of a known dataset, which that name would pass over in silence. */
export async function refuseNamesake(name: string, dataDirs: readonly string[]): Promise<void> {
  for (const dir of dataDirs)
    for (const { kind, path } of ownIn(dir, name))
      if (kind !== "folder" || (await hasClasses(path)))
        throw new InputError(
          `${path}: expected data of your own under another name, got ${kind === "folder" ? "a folder of images" : "it"} named ${name}, which is the name of a known dataset`,
        );
}

/** Whether folders within it, or theirs, have images. */
async function hasClasses(folder: string, deeper = 1): Promise<boolean> {
  for (const inside of await entriesOf(folder)) {
    if (!inside.isFolder) continue;
    if ((await entriesOf(inside.path)).some(({ name, isFolder }) => !isFolder && imageName.test(name))) return true;
    if (deeper > 0 && (await hasClasses(inside.path, deeper - 1))) return true;
  }
  return false;
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
  const images = checkImages(`${path}: images("${split}")`, definition, await definition.images(split));
  const { labels } = images;
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
  const where = `${path}: files("${split}")`;
  const entries = checkFiles(where, await definition.files(split)).map(({ path: file, label }) => {
    const index = labelOf.get(label);
    if (index === undefined) throw unknownName(`${where}: ${file}: label`, label, definition.classes);
    return { name: file, label: index, file: resolve(folder, file) };
  });
  return { where: path, classes: definition.classes, entries, notes: [] };
}

const importDefinition = async (path: string): Promise<OwnDefinition> =>
  checkOwn(path, await importOwn(path, path, "defineDataset({ ... })"));
