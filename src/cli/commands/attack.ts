import type { Command } from "commander";
import type { EngineName } from "../../engine/index.ts";
import { chooseEngine, engineOption } from "../engine-choice.ts";
import type { Launch } from "../launch.ts";
import {
  amountOption,
  channelsOption,
  countOption,
  deviceOption,
  folderOption,
  nameOption,
  resumeOrFresh,
  seedOption,
  type TrainedPlaces,
  withPlaces,
} from "../options.ts";

/** As `attackNames` has them; listed here so that the command line starts without the engine. */
const attacks = ["pgd", "fgsm", "apgd", "apgd-ce", "apgd-dlr", "apgd-t", "fab", "square", "standard"] as const;

export interface AttackRequest extends TrainedPlaces {
  readonly attack: (typeof attacks)[number];
  readonly norm: "l2" | "linf";
  readonly eps: number;
  readonly steps: number;
  readonly restarts: number;
  readonly n?: number;
  readonly curve?: readonly number[];
  readonly dataset?: string;
  readonly size?: number;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly seed?: number;
  readonly health: number;
  readonly rival?: string;
  readonly sheet?: string;
  readonly out?: string;
  readonly device: "cpu" | "webgpu" | "cuda";
  readonly engine?: EngineName;
  readonly resume?: boolean;
  readonly fresh?: boolean;
  readonly json?: boolean;
}

export function addAttack(
  program: Command,
  argv: readonly string[],
  launch: Launch,
  finish: (exitCode: number) => void,
): void {
  withPlaces(
    program
      .command("attack")
      .description("attack a trained model: clean and robust accuracy, and whether the number can be trusted")
      .argument("<model>", "a model's file (.safetensors, .pth, .pt, .th, .onnx), or a finished trial's id")
      .option("--attack <name>", attacks.join(", "), nameOption("--attack", attacks), "pgd")
      .option("--norm <norm>", "l2 or linf", nameOption("--norm", ["l2", "linf"]), "l2")
      .option("--eps <radius>", "radius of the ball, pixels in [0, 1]; 8/255 works", amountOption("--eps"), 0.25)
      .option("--steps <n>", "steps of a restart (standard has its own)", countOption("--steps"), 20)
      .option("--restarts <n>", "runs from different starts; the worst counts", countOption("--restarts"), 1)
      .option("--n <n>", "how many test examples (default: 1000)", countOption("--n"))
      .option("--curve <radii>", "radii such as 0,0.125,0.25,0.5,1: robust accuracy over eps as a figure", radii)
      .option("--dataset <name>", "whose test images (default: the trial's, else cifar10)")
      .option("--size <pixels>", "images' side that the model looks at (default: its own)", countOption("--size"))
      .option("--mean <r,g,b>", "the model's normaliser (default: its own)", channelsOption("--mean"))
      .option("--std <r,g,b>", "the model's normaliser (default: its own)", channelsOption("--std"))
      .option("--seed <seed>", "of the examples and the attack (default: the trial's, else 0)", seedOption)
      .option("--health <n>", "examples for the health checks, or false for none", healthOption, 100)
      .option("--rival <checkpoint>", "another seed's model, whose gradients are tried on this one")
      .option("--sheet <file>", "a PNG of examples that fell: clean, adversarial, and ten times their difference")
      .option(
        "--out <folder>",
        "where results and the verdicts for going on are kept (default: results/attack-...)",
        folderOption,
      )
      .option("--device <device>", "cpu, webgpu or cuda", deviceOption, "cpu")
      .option(...engineOption)
      .option("--resume", "go on with what an interrupted attack left (this is also the default)")
      .option("--fresh", "forget what an earlier attack found")
      .option("--json", "one JSON value instead of text"),
  ).action(async (model: string, options: AttackRequest) => {
    resumeOrFresh("attack", options);
    await chooseEngine(options.engine, options.device);
    const { attackModel } = await import("../attack/attack-model.ts");
    finish(await attackModel(model, options, argv, launch));
  });
}

const radii = (text: string) => [...new Set(text.split(",").map(amountOption("--curve")))].sort((a, b) => a - b);

function healthOption(text: string): number {
  return text === "false" || text === "0" ? 0 : countOption("--health")(text);
}
