/** A process of its own for the test of `writeWhole`: writes a file of n equal bytes again and again, n = 1, 2, 3 ... */
import { writeWhole } from "../../src/base/index.ts";

const [path = ""] = process.argv.slice(2);
for (let byte = 1; ; byte = (byte % 250) + 1) {
  await writeWhole(path, new Uint8Array(1_000_000 + byte).fill(byte));
  process.stdout.write(`${byte}\n`);
}
