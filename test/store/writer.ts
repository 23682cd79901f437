/**
 * A process of its own for the tests of the store: `writer.ts <folder> <first seed> <count>` opens the folder, says
 * "open", appends one row a seed and says "ack <trial id>" after each, then holds the folder until it is ended.
 */
import { openStore } from "../../src/store/index.ts";
import { rowOf, trialOf } from "../figures/fixture.ts";

const [folder = "", first = "0", count = "0"] = process.argv.slice(2);
try {
  const store = await openStore(folder);
  process.stdout.write("open\n");
  for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
    const row = rowOf(trialOf([], seed), { source: 0.5, robust: 0.25, target: 0.75 });
    await store.appendRow(row, "kill");
    process.stdout.write(`ack ${row.trialId}\n`);
  }
  setInterval(() => {}, 60_000);
} catch (error) {
  process.stdout.write(`${error instanceof Error ? `${error.name}: ${error.message}` : error}\n`);
}
