import { defineConfig } from "vitest/config";
import { findDnnl } from "./src/engine/onednn/library.ts";

/** For a test or a hook; CARRYOVER_TEST_TIMEOUT on a machine that is busier than most. */
const timeoutMs = Number(process.env.CARRYOVER_TEST_TIMEOUT ?? 60_000);
const everything = "test/**/*.test.ts";
const engine = "test/engine/**/*.test.ts";
const library = findDnnl();
if (!("dnnl" in library))
  console.log(`The engine's tests run on onnxruntime only, since there is no oneDNN here: ${library.reason}`);

/** The engine's tests on one executor; those that compare with the oracle also with threads that share the work. */
const engineOn = (name: "onnxruntime" | "onednn", threads = 1) => ({
  extends: true as const,
  test: {
    name: threads === 1 ? name : `${name} on ${threads} threads`,
    include: [engine],
    exclude: name === "onednn" && threads === 1 ? [] : ["test/engine/onednn/**"],
    env: { CARRYOVER_ENGINE: name, CARRYOVER_TEST_THREADS: String(threads) },
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
      ...("dnnl" in library ? [engineOn("onednn"), engineOn("onednn", 3)] : []),
    ],
  },
});
