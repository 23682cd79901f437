import { type Command, Option } from "commander";
import { InputError } from "../../base/index.ts";
import type { EngineName } from "../../engine/index.ts";
import { chooseEngine, engineOption } from "../engine-choice.ts";
import { losingAll } from "../interrupt.ts";
import {
  amountOption,
  channelsOption,
  countOption,
  dataOption,
  deviceOption,
  folderOption,
  nameOption,
  seedOption,
  skipCorruptOption,
} from "../options.ts";

/** What the commands on a user's own model and images share. */
interface OwnRequest {
  readonly target: string;
  readonly size?: number;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly features?: string;
  readonly train?: number;
  readonly test?: number;
  readonly seed: number;
  readonly skipCorrupt?: boolean;
  readonly out?: string;
  readonly data?: readonly string[];
  readonly device: "cpu" | "webgpu" | "cuda";
  readonly engine?: EngineName;
  readonly json?: boolean;
}

export type Protocol =
  | { readonly kind: "frozen" | "full" }
  | { readonly kind: "partial"; readonly blocks: number }
  | { readonly kind: "few-shot"; readonly perClass: number };

export interface TransferRequest extends OwnRequest {
  readonly model: string;
  readonly protocol: Protocol;
  readonly shots: readonly number[];
  readonly draws: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly norm: "l2" | "linf";
  readonly eps: number;
  readonly steps: number;
  /** How many test images are attacked; 0 for none. */
  readonly attacked: number;
}

export type CompareRequest = OwnRequest;

export function addTransfer(program: Command): void {
  shared(
    program
      .command("transfer")
      .description(
        "will it transfer? a model of yours on images of yours: accuracy, few-shot curve, robustness, a report",
      )
      .requiredOption(
        "--model <file>",
        "the model (always wanted): .safetensors, a PyTorch state dict (.pth, .pt, .th), or .onnx",
      ),
  )
    .addOption(
      new Option("--protocol <name>", "frozen, full, partial:<blocks> or few-shot:<images a class>")
        .argParser(protocol)
        .default({ kind: "frozen" }, "frozen"),
    )
    .addOption(
      new Option("--shots <counts>", "images a class of the few-shot curve")
        .argParser(counts("--shots"))
        .default([1, 2, 5, 10, 20], "1,2,5,10,20"),
    )
    .option("--draws <n>", "how often the few images are drawn anew", countOption("--draws"), 5)
    .option("--epochs <n>", "of full and partial fine-tuning", countOption("--epochs"), 10)
    .option("--learning-rate <rate>", "of full and partial fine-tuning", amountOption("--learning-rate"), 0.01)
    .option("--norm <norm>", "of the attack: l2 or linf", nameOption("--norm", ["l2", "linf"]), "l2")
    .option("--eps <radius>", "radius of the attack's ball, pixels in [0, 1]; 8/255 works", amountOption("--eps"), 0.25)
    .option("--steps <n>", "of the attack", countOption("--steps"), 20)
    .option("--attacked <n>", "how many test images are attacked, or false for none", countOrNone("--attacked"), 200)
    .action(async (request: TransferRequest) => {
      await chooseEngine(request.engine, request.device);
      const { transferModel } = await import("../transfer/transfer-model.ts");
      await losingAll("transfer", () => transferModel(request));
    });
  shared(
    program
      .command("compare")
      .description("which of several models transfers best to a target, and how sure that is")
      .argument("<model...>", "two or more models' files"),
  ).action(async (models: string[], request: CompareRequest) => {
    await chooseEngine(request.engine, request.device);
    const { compareModels } = await import("../transfer/compare-models.ts");
    await losingAll("compare", () => compareModels(models, request));
  });
}

function shared(command: Command): Command {
  return command
    .requiredOption(
      "--target <folder>",
      "the target's images (always wanted): a folder, a subfolder a class; a .csv, a .dataset.ts, or a dataset's name",
    )
    .option("--size <pixels>", "images' side that the model looks at (default: its family's)", countOption("--size"))
    .option("--mean <r,g,b>", "the model's normaliser (default: its family's)", channelsOption("--mean"))
    .option("--std <r,g,b>", "the model's normaliser (default: its family's)", channelsOption("--std"))
    .option("--features <name>", "of an .onnx file: the output or node whose value is the features")
    .option("--train <n>", "how many of the training images (default: all)", countOption("--train"))
    .option("--test <n>", "how many of the test images (default: all)", countOption("--test"))
    .option("--seed <seed>", "of every draw", seedOption, 0)
    .option(...skipCorruptOption)
    .option("--out <folder>", "where the report goes (default: results/<command>-...)", folderOption)
    .option(...dataOption)
    .option("--device <device>", "cpu, webgpu or cuda", deviceOption, "cpu")
    .option(...engineOption)
    .option("--json", "one JSON value instead of text");
}

function protocol(text: string): Protocol {
  const [kind, argument] = text.split(":");
  const count = argument === undefined ? undefined : countOption(`--protocol ${kind}`)(argument);
  if ((kind === "frozen" || kind === "full") && count === undefined) return { kind };
  if (kind === "partial" && count !== undefined) return { kind, blocks: count };
  if (kind === "few-shot" && count !== undefined) return { kind, perClass: count };
  throw new InputError(
    `--protocol: expected frozen, full, partial:<blocks> or few-shot:<images a class>, got "${text}"`,
  );
}

const counts = (option: string) => (text: string) =>
  [...new Set(text.split(",").map((part) => countOption(option)(part.trim())))].sort((a, b) => a - b);

const countOrNone = (option: string) => (text: string) =>
  text === "false" || text === "0" ? 0 : countOption(option)(text);
