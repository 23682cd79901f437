import type { Command } from "commander";
import { InputError } from "../../base/index.ts";
import { countOption, folderOption, seedOption, type TrainedPlaces, withPlaces } from "../options.ts";

export interface CounterexampleRequest {
  readonly out?: string;
  readonly json?: boolean;
}

export interface BoundRequest extends CounterexampleRequest, TrainedPlaces {
  readonly examples: number;
  readonly seed?: number;
}

export interface AugmentationRequest extends TrainedPlaces {
  readonly study?: string;
  readonly strength?: readonly number[];
  readonly dataset: string;
  readonly n: number;
  readonly draws: number;
  readonly json?: boolean;
}

export function addTheory(program: Command): void {
  const theory = program.command("theory").description("the paper's theory, computed");
  theory
    .command("counterexample")
    .description(
      "robustness is neither necessary nor sufficient: the example in the plane, with its derivation and a picture",
    )
    .option("--out <folder>", "where the picture goes (default: results/theory)", folderOption)
    .option("--json", "one JSON value instead of text")
    .action(async (options: CounterexampleRequest) => {
      const { showCounterexample } = await import("../theory/counterexample.ts");
      await showCounterexample(options);
    });
  withPlaces(
    theory
      .command("bound")
      .description(
        "tau of each trained model of a study, d over them, the bound tau <= d, and what the samples leave open",
      )
      .argument("<study>", "a study's name, or the path of its file")
      .option("--examples <n>", "images of each domain's training set, at most", countOption("--examples"), 1000)
      .option("--seed <seed>", "only the models of this seed (default: all)", seedOption)
      .option("--out <folder>", "where theory.md, .json and the figure go (default: results/<study>)", folderOption),
  )
    .option("--json", "one JSON value instead of a table")
    .action(async (study: string, options: BoundRequest) => {
      const { showBound } = await import("../theory/bound.ts");
      await showBound(study, options);
    });
  withPlaces(
    theory
      .command("augmentation")
      .description("is this augmentation a regulariser? what it adds to the loss, as a penalty and a bias")
      .argument("<kind>", "blur, rescale, noise, rotation, ...")
      .option("--study <study>", "the study whose models are looked at (default: a linear model fitted here)")
      .option("--strength <values>", "strengths such as 3,7 (default: the kind's sweep)", numbers)
      .option("--dataset <name>", "the linear model's training images", "cifar10")
      .option("--n <n>", "how many images", countOption("--n"), 300)
      .option("--draws <n>", "draws of the augmentation an image, at least 2", countOption("--draws"), 16),
  )
    .option("--json", "one JSON value instead of a table")
    .action(async (kind: string, options: AugmentationRequest) => {
      const { showAugmentation } = await import("../theory/augmentation.ts");
      await showAugmentation(kind, options);
    });
}

const numbers = (text: string) =>
  text.split(",").map((part) => {
    const value = Number(part);
    if (part.trim() === "" || !Number.isFinite(value))
      throw new InputError(`--strength: expected numbers such as 3,7, got "${text}"`);
    return value;
  });
