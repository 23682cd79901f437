import type { FetchProgress, Provenance } from "../datasets/index.ts";
import { loadDataset } from "../datasets/index.ts";
import { checkSizes, imageSide, neededSplits, type Study } from "../studies/index.ts";

export interface PrepareOptions {
  readonly dataDirs: readonly string[];
  readonly cacheDir: string;
  readonly skipCorrupt?: boolean;
  readonly onProgress: (progress: FetchProgress) => void;
  readonly signal: AbortSignal;
}

/** A dataset file that was found, and what it is. */
export interface PreparedSplit {
  readonly dataset: string;
  readonly split: string;
  readonly images: number;
  readonly classes: number;
  readonly provenance: Provenance;
}

/**
 * Fetches and verifies what a study reads, once, before any worker starts, and checks the study's sizes against it.
 * Throws InputError when data cannot be had or is less than the study asks for.
 */
export async function prepareData(study: Study, options: PrepareOptions): Promise<PreparedSplit[]> {
  const prepared: PreparedSplit[] = [];
  const side = imageSide(study.model);
  for (const { dataset, split } of neededSplits(study)) {
    options.signal.throwIfAborted();
    const { shape, classes, provenance } = await loadDataset(dataset, split, { ...options, side });
    prepared.push({ dataset, split, images: shape[0], classes: classes.length, provenance });
  }
  checkSizes(study, (needed) => {
    const found = prepared.find(({ dataset, split }) => dataset === needed.dataset && split === needed.split);
    return found ?? { images: 0, classes: 0 };
  });
  return prepared;
}
