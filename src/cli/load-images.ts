import { existsSync, statSync } from "node:fs";
import { InputError, unknownName } from "../base/index.ts";
import {
  type Dataset,
  type DatasetOptions,
  datasets,
  loadDataset,
  loadImageFolder,
  type SplitName,
} from "../datasets/index.ts";

const isFolder = (name: string) => existsSync(name) && statSync(name).isDirectory();

/**
 * A split of a folder of the user's own where there is one of that path, else of the dataset of that name. Throws
 * InputError, beginning with the option that named it, when it is neither.
 */
export function loadImages(
  option: string,
  name: string,
  split: SplitName,
  options: DatasetOptions & { readonly side: number },
): Promise<Dataset> {
  if (isFolder(name)) return loadImageFolder(name, split, options);
  if (Object.hasOwn(datasets, name)) return loadDataset(name, split, options);
  if (/[/\\.]/.test(name))
    throw new InputError(`${option}: expected a folder of images, got "${name}", which is not there`);
  throw unknownName(`${option}: a folder or a dataset`, name, Object.keys(datasets));
}
