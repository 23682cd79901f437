import { float32 } from "../base/index.ts";
import { compile, np, type Traced } from "../engine/index.ts";
import type { DeviceName } from "./device-probe.ts";

// The entry of the process that `probeDevice` starts: 3 + 3 on the device named by its first word.
const device = process.argv[2] as DeviceName;
try {
  const doubled = await compile((x: Traced) => np.add(x, x), [float32([1], [1])], { device });
  const [sum] = Object.values(await doubled(float32([1], [3]))).flatMap((member) =>
    member instanceof Float32Array ? [...member] : [],
  );
  await doubled.dispose();
  process.stdout.write(sum === 6 ? "works\n" : `3 + 3 gave ${sum}\n`);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  // Providers put their source file and function first; what happened stands last.
  process.stdout.write(`${message.split(" was false. ").at(-1)?.split("\n")[0]}\n`);
}
