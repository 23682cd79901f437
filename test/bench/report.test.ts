import { describe, expect, test } from "vitest";
import { attackFlops, forwardFlops, jacobianStepFlops, stepFlops } from "../../bench/flops.ts";
import { convolutionCeiling, sgemmCeiling } from "../../bench/lines/index.ts";
import { quantile, summary } from "../../bench/measure.ts";
import { withResults } from "../../bench/publish.ts";
import { ceilingsOf, resultOf, unavailable } from "../../bench/result.ts";
import { markdownTable, textTable } from "../../bench/table.ts";

const measured = (ms: number) => summary([{ ms }], 100);

describe("arithmetic", () => {
  test("a pass through the CIFAR-CNN is 25.6 million multiply-adds an image", () => {
    // 3x3 convolutions at 32, 32, 16 and 16 pixels a side, then 4096-256-256-10.
    const convolutions = 9 * (1024 * (3 * 32 + 32 * 32) + 256 * (32 * 64 + 64 * 64));
    const dense = 4096 * 256 + 256 * 256 + 2560;
    expect(forwardFlops("cifar-cnn", 1)).toEqual({ convolution: 2 * convolutions, dense: 2 * dense });
    expect(convolutions + dense).toBe(25_594_368);
  });

  test("a pass through ResNet-18 is 555 million multiply-adds an image, as its authors' CIFAR form is known for", () => {
    const { convolution, dense } = forwardFlops("resnet18", 1);
    expect((convolution + dense) / 2 / 1e6).toBeCloseTo(555.4, 0);
  });

  test("with ImageNet's stem it is 1.8 billion at 224 pixels, as published, and a twelfth of it at 64", () => {
    const { convolution } = forwardFlops("resnet18-224", 1);
    // 1.814 billion less the published head's 512 x 1000.
    expect(convolution / 2 / 1e9).toBeCloseTo(1.814 - 0.0005, 2);
    expect(convolution / forwardFlops("resnet18-64", 1).convolution).toBeCloseTo((224 / 64) ** 2, 5);
  });

  test("a step walks the network three times, with JR six, and spares the way back to the pixels once", () => {
    const forward = forwardFlops("cifar-cnn", 2);
    const first = 2 * 2 * 9 * 1024 * 3 * 32;
    expect(stepFlops("cifar-cnn", 2).convolution).toBe(3 * forward.convolution - first);
    expect(jacobianStepFlops("cifar-cnn", 2).convolution).toBe(6 * forward.convolution - first);
    expect(attackFlops("cifar-cnn", 2, 20).convolution).toBe(42 * forward.convolution);
  });
});

describe("results", () => {
  test("quantiles lie between neighbours", () => {
    expect(quantile([4, 1, 2, 3], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3, 4, 5], 0.25)).toBe(2);
    expect(quantile([7], 0.75)).toBe(7);
  });

  test("a median is told with its quartiles, and the parts of the units with theirs", () => {
    const units = [10, 30, 20].map((ms) => ({ ms, parts: { fitMs: ms / 10 } }));
    expect(summary(units, 5)).toEqual({ ms: 20, spreadMs: [15, 25], units: 3, peakMb: 5, parts: { fitMs: 2 } });
  });

  test("ratio, GFLOP/s and the share of the ceiling", () => {
    const line = { ...convolutionCeiling, name: "work", flops: { convolution: 2e9, dense: 1e9 } };
    const result = resultOf(line, { ours: measured(30), pytorch: measured(60) }, { convolution: 200, sgemm: 200 });
    expect(result.ratio).toBe(0.5);
    expect(result.gflops).toBeCloseTo(100);
    expect(result.shareOfCeiling).toBeCloseTo(0.5);
  });

  test("a ceiling is the fastest of all sides", () => {
    const of = (line: typeof sgemmCeiling, ours: number, tuned: number) =>
      resultOf(line, { ours: measured(ours), pytorch: measured(100), tuned: measured(tuned) }, undefined);
    const ceilings = ceilingsOf([of(sgemmCeiling, 80, 90), of(convolutionCeiling, 40, 20)]);
    expect(ceilings?.sgemm).toBeCloseTo((2 * 2048 ** 3) / 80 / 1e6);
    expect(ceilings?.convolution).toBeCloseTo((2 * 64 * 64 * 9 * 1024 * 64) / 20 / 1e6);
    expect(ceilingsOf([])).toBeUndefined();
  });

  test("tables say what is missing and why", () => {
    const results = [
      resultOf(sgemmCeiling, { ours: measured(12.34) }, undefined),
      unavailable(convolutionCeiling, "no"),
    ];
    expect(textTable(results)).toMatch(/ceiling-sgemm +12\.3 ms +- +- +-/);
    expect(markdownTable(results)).toContain("| ceiling-convolution | not available: no |");
  });

  test("ours on onnxruntime stands beside ours on oneDNN", () => {
    const both = resultOf(
      sgemmCeiling,
      { ours: measured(20), onnxruntime: measured(50), pytorch: measured(40) },
      undefined,
    );
    expect(both).toMatchObject({ oursMs: 20, onnxruntimeMs: 50, ratio: 0.5 });
    expect(markdownTable([both])).toContain("| ceiling-sgemm | 20.0 ms | 50.0 ms | 40.0 ms | - | 0.50 |");
  });

  test("only what stands between the marks of the page is replaced", () => {
    const page = "before\n<!-- results: written by npm run bench -- --write -->\nold\n<!-- end of results -->\nafter\n";
    const machine = { cpu: "a CPU", cores: 2, memoryGb: 4, system: "linux", versions: {}, load: 0, threads: 2 };
    const report = { at: "2026-01-02T03:04:05Z", machine, ceilings: undefined, rounds: 5, results: [] };
    const text = withResults(page, report, "file.json");
    expect(text).toMatch(/^before\n<!-- results.*-->\n\n2026-01-02, a CPU/);
    expect(text).toMatch(/<!-- end of results -->\nafter\n$/);
    expect(text).not.toContain("old");
    expect(() => withResults("no marks", report, "file.json")).toThrow(/expected the marks/);
  });
});
