import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { tinyDataFolder } from "../studies/tiny-data.ts";

let data: string;
beforeAll(() => {
  data = tinyDataFolder(10);
});

/** What an example prints, line by line. */
async function said(example: string): Promise<string[]> {
  const words = ["--import", join(import.meta.dirname, "self.ts"), join("examples", `${example}.ts`)];
  const env = { ...process.env, CARRYOVER_DATA: data };
  const { stdout } = await promisify(execFile)(process.execPath, words, {
    cwd: join(import.meta.dirname, "../.."),
    env,
  });
  return stdout.trim().split("\n");
}

const share = "(?:0|1|0\\.\\d+)";

test.each([
  ["own-method", ["0", "0.001", "0.01"].map((strength) => `${strength}: source ${share}, target ${share}`)],
  ["own-attack", ["halving", "pgd"].map((name) => `${name}: clean ${share}, robust ${share}, (?:ok|suspect|failed)`)],
  ["own-model", [`clean ${share}, robust ${share}, transferred ${share}`]],
])("%s runs and says what it found", async (example, lines) => {
  const found = await said(example);
  expect(found).toHaveLength(lines.length);
  for (const [i, line] of lines.entries()) expect(found[i]).toMatch(new RegExp(`^${line}$`));
});
