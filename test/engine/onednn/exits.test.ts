import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
/** `npm run test:exits` makes 200 of it. */
const starts = Number(process.env.CARRYOVER_STARTS ?? 10);

/** Uses one or two threads, and falls out at the end or leaves on the spot. */
const script = `
  import { float32 } from "./src/base/index.ts";
  import { compile, conv2d, relu, usedEngines } from "./src/engine/index.ts";
  const [threads, leave] = process.argv.slice(1);
  const example = [float32([8, 16, 16, 16]), float32([16, 16, 3, 3])];
  const layer = (x, w) => relu(conv2d(x, w, undefined, { padding: 1 }));
  const compiled = await compile(layer, example, { threads: Number(threads) });
  await compiled(...example);
  console.log(usedEngines().join());
  if (leave === "leave") process.exit(0);
`;

test(`${starts} processes that used oneDNN end without a crash`, async () => {
  const argv = ["--disable-warning=ExperimentalWarning", "--input-type=module-typescript", "--eval", script];
  const env = { ...process.env, CARRYOVER_ENGINE: "onednn" };
  for (let i = 0; i < starts; i++) {
    const words = [i % 2 ? "1" : "2", i % 3 ? "stay" : "leave"];
    // A signal or an exit code other than 0 rejects.
    const { stdout } = await run(process.execPath, [...argv, ...words], { env });
    expect(stdout).toMatch(/^oneDNN/);
  }
}, 6_000_000);
