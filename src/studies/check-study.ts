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

/**
 * Checks the study's sizes against how many examples there are, as `count` tells. Throws InputError with the first side
 * that asks for more.
 */
export function checkSizes(study: Study, count: (needed: NeededSplit) => number): void {
  for (const pair of study.pairs)
    for (const side of ["source", "target"] as const) checkSide(`study "${study.name}": ${side}`, pair[side], count);
}

function checkSide(where: string, split: Split, count: (needed: NeededSplit) => number): void {
  const { dataset, train, validation, test } = split;
  const trainCount = count({ dataset, split: "train" });
  if ((train ?? 1) + validation > trainCount)
    throw new InputError(
      `${where}: expected train + validation of at most ${trainCount}, as many as ${dataset} has to train with, ` +
        `got ${train ?? "at least 1"} + ${validation}`,
    );
  const testCount = count({ dataset, split: "test" });
  if (test !== null && test > testCount)
    throw new InputError(`${where}: expected test of at most ${testCount}, as many as ${dataset} has, got ${test}`);
}
