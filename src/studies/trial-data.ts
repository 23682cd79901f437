import {
  type Dataset,
  gather,
  type LabelledImages,
  loadDataset,
  type SplitName,
  splitTrainValidation,
  testSubset,
} from "../datasets/index.ts";
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
  /** Where fetched files are kept. */
  readonly cacheDir: string;
}

/**
 * Loaded files by dataset, split and folders: a worker runs many trials on the same few. Subsets are drawn anew each
 * time, so nothing that a trial does can reach another one.
 */
const loaded = new Map<string, Promise<Dataset>>();

/** Train, validation and test images of one side, drawn by the trial's seed. */
export async function sideData(
  { dataset, train, validation, test }: Split,
  { seed }: Pick<Trial, "seed">,
  folders: DataFolders,
): Promise<SideData> {
  const trainFile = await load(dataset, "train", folders);
  const testFile = await load(dataset, "test", folders);
  const indices = splitTrainValidation(trainFile.labels, { train, validation, seed });
  return {
    train: gather(trainFile, indices.train),
    validation: gather(trainFile, indices.validation),
    test: gather(testFile, testSubset(testFile.labels, { test, seed })),
  };
}

function load(name: string, split: SplitName, { dataDirs, cacheDir }: DataFolders): Promise<Dataset> {
  const key = JSON.stringify([name, split, dataDirs, cacheDir]);
  const known = loaded.get(key);
  if (known) return known;
  const dataset = loadDataset(name, split, { dataDirs, cacheDir });
  loaded.set(key, dataset);
  // A failure may be mended before the next trial: a download, a disk.
  dataset.catch(() => loaded.delete(key));
  return dataset;
}
