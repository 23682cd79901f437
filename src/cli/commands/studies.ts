import type { Command } from "commander";
import { columns, print, printJsonLines } from "../output.ts";

export function addStudies(program: Command): void {
  program
    .command("studies")
    .description("list the studies that can be run by name")
    .option("--json", "one JSON value per line")
    .action(async ({ json }: { json?: boolean }) => {
      const { builtInStudies, expandStudy, withStrengths } = await import("../../studies/index.ts");
      const studies = Object.values(builtInStudies).map((study) => ({
        ...withStrengths(study),
        trials: expandStudy(study).length,
      }));
      if (json) return printJsonLines(studies);
      const rows = studies.map(({ name, trials, description }) => [name, String(trials), description]);
      print(columns(["study", "trials", "what"], rows));
      print("\nRun one with: carryover run <study>; a path to a study file of your own works too.");
    });
}
