import type { Command } from "commander";
import type { ClaimsRequest } from "../claims.ts";
import { folderOption, withPlaces } from "../options.ts";

export function addClaims(program: Command): void {
  withPlaces(
    program
      .command("claims")
      .description("a verdict on each of the paper's claims from a study's rows, and what foretells transfer")
      .argument("<study>", "a study's name, or the path of its file")
      .option("--out <folder>", "where claims.md, .html and .json go (default: results/<study>)", folderOption),
  )
    .option("--json", "one JSON value instead of tables")
    .action(async (study: string, options: ClaimsRequest) => {
      const { claimsOfStudy } = await import("../claims.ts");
      await claimsOfStudy(study, options);
    });
}
