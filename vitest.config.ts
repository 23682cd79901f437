import { defineConfig } from "vitest/config";
import { findDnnl } from "./src/engine/onednn/library.ts";

/** For a test or a hook; CARRYOVER_TEST_TIMEOUT on a machine that is busier than most. */
const timeoutMs = Number(process.env.CARRYOVER_TEST_TIMEOUT ?? 60_000);
const everything = "test/**/*.test.ts";
const engine = "test/engine/**/*.test.ts";
const library = findDnnl();
if (!("dnnl" in library))
  console.log(`The engine's tests run on onnxruntime only, since there is no oneDNN here: ${library.reason}`);

/** The engine's tests on one executor. */
const engineOn = (name: "onnxruntime" | "onednn") => ({
  extends: true as const,
  test: {
    name,
    include: [engine],
    exclude: name === "onnxruntime" ? ["test/engine/onednn/**"] : [],
    env: { CARRYOVER_ENGINE: name },
  },
});

export default defineConfig({
  test: {
    // In a process of its own, `importOwn` does this.
    alias: { carryover: new URL("./src/index.ts", import.meta.url).pathname },
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    pool: "forks",
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: "all", include: [everything], exclude: [engine] } },
      engineOn("onnxruntime"),
      ...("dnnl" in library ? [engineOn("onednn")] : []),
    ],
  },
});
