#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { outliveReaders } from "./output.ts";
import { main } from "./program.ts";

// Node announces its experimental parts on stderr; of those the user has no use. Other warnings are shown.
process.removeAllListeners("warning");
process.on("warning", (warning) => {
  if (warning.name !== "ExperimentalWarning") process.stderr.write(`${warning.name}: ${warning.message}\n`);
});
outliveReaders();

const siblings = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
const runner = new URL(`../studies/run-trial${siblings}`, import.meta.url).href;
process.exitCode = await main(process.argv.slice(2), { runner, entry: fileURLToPath(import.meta.url) });
