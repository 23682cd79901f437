import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";

test("work that keeps nothing says so when it is interrupted, and ends at once with 130", async () => {
  const module = new URL("../../src/cli/interrupt.ts", import.meta.url).href;
  const program = `import { losingAll } from ${JSON.stringify(module)};
    const never = losingAll("transfer", () => new Promise((resolve) => setTimeout(resolve, 600_000)));
    console.log("at work");
    await never;`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  await once(child.stdout, "data");
  child.kill("SIGINT");
  const [code] = await once(child, "close");
  expect([code, said]).toEqual([130, expect.stringContaining("transfer keeps nothing of an unfinished report")]);
}, 60_000);
