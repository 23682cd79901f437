import {
  type Dataset,
  gather,
  type LabelledImages,
  loadDataset,
  type SplitName,
  splitTrainValidation,
  testSubset,
} from "../datasets/index.ts";
import { createModel } from "../models/index.ts";
import type { Split, Trial } from "./trial.ts";

/** The three parts of a side of a trial: fit on the first, choose on the second, report on the third. */
export interface SideData {
  readonly train: LabelledImages;
  readonly validation: LabelledImages;
  readonly test: LabelledImages;
}

export interface DataFolders {
  /** Local folders, looked into first. */
  readonly dataDirs: readonly string[];
  /** Where fetched files and decoded images are kept. */
  readonly cacheDir: string;
  /** Images that cannot be decoded are left out instead of being an error. */
  readonly skipCorrupt?: boolean;
}

/**
 * Loaded files by dataset, split and folders: a worker runs many trials on the same few. Subsets are drawn anew each
 * time, so nothing that a trial does can reach another one.
 */
const loaded = new Map<string, Promise<Dataset>>();

/** Train, validation and test images of one side, of the size that the trial's model takes, drawn by its seed. */
export const sideData = (
  split: Split,
  { seed, model }: Pick<Trial, "seed" | "model">,
  folders: DataFolders,
): Promise<SideData> => domainData(split, { seed, side: imageSide(model) }, folders);

/** The same for images of `side` x `side` pixels. */
export async function domainData(
  { dataset, train, validation, test }: Split,
  { seed, side }: { readonly seed: number; readonly side: number },
  folders: DataFolders,
): Promise<SideData> {
  const trainFile = await load(dataset, "train", side, folders);
  const testFile = await load(dataset, "test", side, folders);
  const indices = splitTrainValidation(trainFile.labels, { train, validation, seed });
  return {
    train: gather(trainFile, indices.train),
    validation: gather(trainFile, indices.validation),
    test: gather(testFile, testSubset(testFile.labels, { test, seed })),
  };
}

/** Height and width of the images that a model takes. */
export const imageSide = (model: string): number => createModel(model, { classes: 2 }).inputShape[1];

function load(name: string, split: SplitName, side: number, folders: DataFolders): Promise<Dataset> {
  const { dataDirs, cacheDir, skipCorrupt } = folders;
  const key = JSON.stringify([name, split, side, dataDirs, cacheDir, skipCorrupt]);
  const known = loaded.get(key);
  if (known) return known;
  const dataset = loadDataset(name, split, { side, dataDirs, cacheDir, skipCorrupt });
  loaded.set(key, dataset);
  // A failure may be mended before the next trial: a download, a disk.
  dataset.catch(() => loaded.delete(key));
  return dataset;
}
