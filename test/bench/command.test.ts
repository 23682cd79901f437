import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { lines } from "../../bench/lines/index.ts";

const entry = fileURLToPath(new URL("../../bench/main.ts", import.meta.url));

function bench(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [entry, ...words], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

describe("npm run bench", () => {
  test("--only and --json: one object with nulls where there is no PyTorch", async () => {
    const { code, stdout } = await bench("--only", "cnn-forward", "--json", "--rounds", "1", "--without-pytorch");
    expect(code).toBe(0);
    const printed = stdout.trim().split("\n");
    expect(printed).toHaveLength(1);
    const result: unknown = JSON.parse(printed[0] ?? "");
    expect(result).toMatchObject({ name: "cnn-forward", pytorchMs: null, pytorchTunedMs: null, ratio: null });
    expect(result).toMatchObject({
      oursMs: expect.any(Number),
      peakMb: expect.any(Number),
      gflops: expect.any(Number),
    });
  });

  test("--list names every line", async () => {
    const { code, stdout } = await bench("--list");
    expect(code).toBe(0);
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.split(" ")[0]),
    ).toEqual(Object.keys(lines));
  });

  test.each([
    [["--only", "cnn-setp"], /did you mean "cnn-step"/],
    [["--jsn"], /did you mean "--json"/],
    [["--threads", "0"], /--threads: expected a whole number of at least 1, got 0/],
    [["--only"], /--only: expected a value/],
    [["--json=1"], /--json: expected no value, got "1"/],
    [["--write", "--only", "cnn-step"], /expected no --only/],
    [["cnn-step"], /a line is chosen by --only/],
    [["--python", "no-such-python", "--only", "cnn-step"], /expected a Python that can import torch/],
  ])("%j is refused in one sentence", async (words, sentence) => {
    const { code, stdout, stderr } = await bench(...words);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(sentence);
  });
});
