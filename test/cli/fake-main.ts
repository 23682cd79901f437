import { outliveReaders } from "../../src/cli/output.ts";
import { main } from "../../src/cli/program.ts";

// The command line with a runner that trains nothing.
outliveReaders();
const runner = new URL("../queue/fake-trial.ts", import.meta.url).href;
process.exitCode = await main(process.argv.slice(2), { runner, entry: import.meta.filename, withoutData: true });
