import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

/** A Vulkan driver in software that comes with Debian's Chromium; right, and slow. */
const driver = "/usr/lib/chromium/vk_swiftshader_icd.json";
const loader = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"].some((folder) =>
  existsSync(`${folder}/libvulkan.so.1`),
);
const missing = existsSync(driver) && loader ? "" : " (left out: needs Debian's packages chromium and libvulkan1)";

test.skipIf(missing !== "")(
  `a training step on webgpu equals the one on the cpu${missing}`,
  async () => {
    const script = fileURLToPath(new URL("webgpu-process.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script], {
      env: { ...process.env, VK_ICD_FILENAMES: driver },
      timeout: 120_000,
    });
    const differences = JSON.parse(stdout.trim().split("\n").at(-1) ?? "[]") as number[];
    expect(differences.length).toBe(17); // the loss, and 4 layers of weight and bias in parameters and velocity
    // float32 sums in another order: a few units of the last place of the largest value.
    for (const difference of differences) expect(difference).toBeLessThan(1e-4);
  },
  150_000,
);
