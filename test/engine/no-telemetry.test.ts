import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const from = (path: string) => JSON.stringify(new URL(`../../src/engine/${path}`, import.meta.url).href);

/** A model of one addition, opened and closed, as the engine opens its own. */
const session = `
const { loadOnnxruntime } = await import(${from("load-onnxruntime.ts")});
const { encodeModel } = await import(${from("onnx-model.ts")});
const value = (name) => ({ name, type: "float32", shape: [1] });
const model = encodeModel({ nodes: [{ op: "Add", inputs: ["x", "x"], outputs: ["y"] }], inputs: [value("x")], outputs: [value("y")], initializers: [] });
const ort = await loadOnnxruntime();
const opened = await ort.InferenceSession.create(model);
const { y } = await opened.run({ x: new ort.Tensor("float32", [1], [1]) });
await opened.release();
console.log(y.data[0]);
`;

// onnxruntime keeps an identifier of the device below the home folder when it is to report; it never reports where CI is set.
test("onnxruntime is told to report to nobody: it leaves no identifier of the device", async () => {
  const home = mkdtempSync(join(tmpdir(), "carryover-home-"));
  try {
    const { PATH = "" } = process.env;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", session], {
      env: { PATH, HOME: home },
    });
    expect(stdout.trim()).toBe("2");
    expect(readdirSync(home, { recursive: true })).toEqual([]);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
