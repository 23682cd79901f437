import type { Command } from "commander";
import { databaseHelp, folderOption, namesOption } from "../options.ts";

/** The names that --format takes, in the order in which files are written. */
const formats = ["svg", "png", "vl.json", "csv", "md", "tex"] as const;

interface Options {
  readonly format?: (typeof formats)[number][];
  readonly out?: string;
  readonly database?: string;
  readonly json?: boolean;
}

export function addFigure(program: Command): void {
  program
    .command("figure")
    .description("draw the figures and tables of a study from the rows that its last run left")
    .argument("<study>", "a study's name, or the path of its file")
    .option("--format <formats>", `some of ${formats.join(",")} (default: all)`, namesOption("--format", formats))
    .option("--out <folder>", "where figures and tables go (default: results/<study>)", folderOption)
    .option("--database <url>", databaseHelp)
    .option("--json", "one JSON value instead of a table")
    .action(async (study: string, { format, out, database, json = false }: Options) => {
      const { drawStudy } = await import("../draw-study.ts");
      await drawStudy(study, { formats: format, out, database, json });
    });
}
