#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { main } from "./program.ts";

// Node announces its experimental parts on stderr; of those the user has no use. Other warnings are shown.
process.removeAllListeners("warning");
process.on("warning", (warning) => {
  if (warning.name !== "ExperimentalWarning") process.stderr.write(`${warning.name}: ${warning.message}\n`);
});
// A reader that has seen enough, such as `carryover studies | head -1`, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

const siblings = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
const runner = new URL(`../studies/run-trial${siblings}`, import.meta.url).href;
process.exitCode = await main(process.argv.slice(2), { runner, entry: fileURLToPath(import.meta.url) });
