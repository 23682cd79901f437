import { choose, InputError } from "../base/index.ts";
import { checkDataset, type SplitName } from "../datasets/index.ts";
import { createModel, layersBefore, models } from "../models/index.ts";
import type { Study } from "./study.ts";
import type { Split } from "./trial.ts";

/**
 * Checks that the datasets (the known ones and those of `dataDirs`) and the model that a study names are there; its methods were checked when it was parsed.
 * Throws InputError, before any work starts.
 */
export function checkStudy(study: Study, dataDirs: readonly string[]): void {
  const where = `study "${study.name}"`;
  choose(`${where}: model`, study.model, models);
  for (const { blocks } of study.transfer)
    if (blocks !== undefined) layersBefore(`${where}: transfer`, createModel(study.model).init(0).f, blocks);
  for (const { source, target } of study.pairs) {
    checkDataset(`${where}: source.dataset`, source.dataset, dataDirs);
    checkDataset(`${where}: target.dataset`, target.dataset, dataDirs);
  }
}

/** A split file that a study needs, and which of its sides needs it. */
interface NeededSplit {
  readonly dataset: string;
  readonly split: SplitName;
}

/** The dataset files that a study reads, each once. */
export function neededSplits(study: Study): NeededSplit[] {
  const names = study.pairs.flatMap(({ source, target }) => [source.dataset, target.dataset]);
  return [...new Set(names)].flatMap((dataset) => [
    { dataset, split: "train" as const },
    { dataset, split: "test" as const },
  ]);
}

/** What a dataset's split has. */
export interface SplitSize {
  readonly images: number;
  readonly classes: number;
}

/**
 * Checks the study's sizes against what there is, as `sizeOf` tells. Throws InputError with the first number that asks for
 * more.
 */
export function checkSizes(study: Study, sizeOf: (needed: NeededSplit) => SplitSize): void {
  const where = `study "${study.name}"`;
  for (const { source, target } of study.pairs) {
    const from = checkSide(`${where}: source`, source, sizeOf);
    const to = checkSide(`${where}: target`, target, sizeOf);
    const { batch } = study.schedule;
    if (batch > from.train)
      throw new InputError(
        `${where}: schedule.batch: expected at most ${from.train}, as many as the source trains on, got ${batch}`,
      );
    const { examples } = study.attack;
    if (examples !== null && examples > from.test)
      throw new InputError(
        `${where}: attack.examples: expected at most ${from.test}, as many as the source tests on, got ${examples}`,
      );
    for (const { perClass } of study.transfer)
      if (perClass !== undefined && perClass * to.classes > to.train)
        throw new InputError(
          `${where}: transfer.perClass: expected at most ${Math.floor(to.train / to.classes)}, ` +
            `for ${to.train} training images of ${to.classes} classes in ${target.dataset}, got ${perClass}`,
        );
  }
}

/** How many images of a side train and test. */
interface SideSize {
  readonly train: number;
  readonly test: number;
  readonly classes: number;
}

function checkSide(where: string, split: Split, sizeOf: (needed: NeededSplit) => SplitSize): SideSize {
  const { dataset, train, validation, test } = split;
  const toTrain = sizeOf({ dataset, split: "train" });
  if ((train ?? 1) + validation > toTrain.images)
    throw new InputError(
      `${where}: expected train + validation of at most ${toTrain.images}, as many as ${dataset} has to train with, ` +
        `got ${train ?? "at least 1"} + ${validation}`,
    );
  const toTest = sizeOf({ dataset, split: "test" });
  if (test !== null && test > toTest.images)
    throw new InputError(`${where}: expected test of at most ${toTest.images}, as many as ${dataset} has, got ${test}`);
  const { images, classes } = toTrain;
  return { train: train ?? images - validation, test: test ?? toTest.images, classes };
}
