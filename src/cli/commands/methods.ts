import type { Command } from "commander";
import { columns, print, printJsonLines } from "../output.ts";

export function addMethods(program: Command): void {
  program
    .command("methods")
    .description("list the methods that a study may sweep, with the meaning and range of their strengths")
    .option("--json", "one JSON value per line")
    .action(async ({ json }: { json?: boolean }) => {
      const { describeRange, methodKinds } = await import("../../studies/index.ts");
      const methods = Object.entries(methodKinds).map(([kind, entry]) => ({ kind, ...entry }));
      if (json) return printJsonLines(methods);
      const rows = methods.map(({ kind, label, adds, range, sweep, regulariser }) => [
        kind,
        label,
        adds,
        sweep.length === 0 ? "-" : describeRange(range),
        sweep.join(", ") || "-",
        regulariser ? "yes" : "no",
      ]);
      print(columns(["kind", "method", "adds", "strength", "default sweep", "a regulariser in the paper"], rows));
      for (const { kind, unit, formula, citation } of methods)
        print(`\n${kind}: ${formula}\n  strength: ${unit}\n  source: ${citation}`);
    });
}
