import { existsSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { InputError } from "../base/index.ts";
import { type Dataset, type DatasetOptions, loadDataset, loadOwn, type SplitName } from "../datasets/index.ts";

/**
 * A split of the user's own folder, `.csv` or `.dataset.ts` where there is one of that path, else of the dataset of that
 * name. Throws InputError, beginning with the option that named it, for a path where nothing is.
 */
export function loadImages(
  option: string,
  name: string,
  split: SplitName,
  options: DatasetOptions & { readonly side: number },
): Promise<Dataset> {
  if (existsSync(name)) return loadOwn(ownAt(option, name), split, options);
  if (/[/\\.]/.test(name))
    throw new InputError(`${option}: expected a folder of images, got "${name}", which is not there`);
  return loadDataset(name, split, options);
}

function ownAt(option: string, name: string): Parameters<typeof loadOwn>[0] {
  const path = resolve(name);
  if (statSync(path).isDirectory()) return { name: basename(path), kind: "folder", path };
  const [, base, ending] = /^(.*?)\.(csv|dataset\.(?:ts|js|mjs))$/.exec(basename(path)) ?? [];
  if (base !== undefined) return { name: base, kind: ending === "csv" ? "csv" : "module", path };
  throw new InputError(`${option}: expected a folder of images, a .csv or a .dataset.ts, got "${name}"`);
}
