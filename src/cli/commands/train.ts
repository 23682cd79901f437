import type { Command } from "commander";
import type { EngineName } from "../../engine/index.ts";
import { chooseEngine, engineOption } from "../engine-choice.ts";
import type { Launch } from "../launch.ts";
import {
  artifactsOption,
  collect,
  countOption,
  dataOption,
  deviceOption,
  modelFileOption,
  resumeOrFresh,
  seedOption,
  skipCorruptOption,
  type TrainedPlaces,
} from "../options.ts";

export interface TrainRequest extends Pick<TrainedPlaces, "artifacts" | "data" | "skipCorrupt"> {
  readonly method: readonly string[];
  readonly set: readonly string[];
  readonly seed: number;
  readonly out?: string;
  readonly threads?: number;
  readonly device: "cpu" | "webgpu" | "cuda";
  readonly engine?: EngineName;
  readonly resume?: boolean;
  readonly fresh?: boolean;
  readonly json?: boolean;
}

export function addTrain(
  program: Command,
  argv: readonly string[],
  launch: Launch,
  finish: (exitCode: number) => void,
): void {
  program
    .command("train")
    .description("train one source model under a method, on all cores, and write it to a file")
    .argument("<dataset>", "whose images, as datasets list has them, or a folder of your own in a data folder")
    .option(
      "--method <kind=strength>",
      "such as jr=0.01; given several times they are combined (default: none, vanilla)",
      collect,
      [],
    )
    .option("--set <key=value>", "as for run: epochs, model, learningRate, source.train, ...", collect, [])
    .option("--seed <seed>", "of the split, the first parameters and all else", seedOption, 0)
    .option(
      "--out <file>",
      "ends in .safetensors or .onnx (default: the dataset, the method and .safetensors)",
      modelFileOption,
    )
    .option("--threads <n>", "that share each step on the cpu (default: one per core)", countOption("--threads"))
    .option("--device <device>", "cpu, webgpu or cuda", deviceOption, "cpu")
    .option(...engineOption)
    .option(...dataOption)
    .option(...skipCorruptOption)
    .option(...artifactsOption)
    .option("--resume", "go on with what an interrupted training left (this is also the default)")
    .option("--fresh", "begin anew")
    .option("--json", "JSON lines instead of text")
    .action(async (dataset: string, request: TrainRequest) => {
      resumeOrFresh("train", request);
      await chooseEngine(request.engine, request.device);
      const { trainModel } = await import("../train-model.ts");
      finish(await trainModel(dataset, request, argv, launch));
    });
}
