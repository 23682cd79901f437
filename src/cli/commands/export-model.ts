import type { Command } from "commander";
import {
  artifactsOption,
  channelsOption,
  countOption,
  databaseHelp,
  modelFileOption,
  type TrainedPlaces,
} from "../options.ts";

export interface ExportModelRequest extends Pick<TrainedPlaces, "database" | "artifacts"> {
  readonly out?: string;
  readonly size?: number;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly json?: boolean;
}

export function addExportModel(program: Command): void {
  program
    .command("export-model")
    .description("write a trained model as ONNX or safetensors, and check that it answers as it did")
    .argument("<model>", "a model's file, or a finished trial's id")
    .option("--out <file>", "ends in .onnx or .safetensors (default: the model's name and .onnx)", modelFileOption)
    .option("--size <pixels>", "images' side that the model looks at (default: its own)", countOption("--size"))
    .option("--mean <r,g,b>", "the model's normaliser (default: its own)", channelsOption("--mean"))
    .option("--std <r,g,b>", "the model's normaliser (default: its own)", channelsOption("--std"))
    .option("--database <url>", databaseHelp)
    .option(...artifactsOption)
    .option("--json", "one JSON value instead of text")
    .action(async (model: string, request: ExportModelRequest) => {
      const { exportModel } = await import("../export-model.ts");
      await exportModel(model, request);
    });
}
