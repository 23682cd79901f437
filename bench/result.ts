import type { Flops } from "./flops.ts";
import { convolutionCeiling, type Line, sgemmCeiling } from "./lines/index.ts";
import type { LineMeasured } from "./run-line.ts";

/** The fastest that was measured on this machine in this run, in GFLOP/s, by either side. */
export interface Ceilings {
  readonly sgemm: number;
  readonly convolution: number;
}

/** One line's numbers as `--json` prints them. Null: there is no such number. Times are milliseconds a unit. */
export interface Result {
  readonly name: string;
  readonly title: string;
  readonly available: boolean;
  /** Why it is not available. */
  readonly reason: string | null;
  readonly oursMs: number | null;
  /** Ours on onnxruntime, where `ours` is on oneDNN. */
  readonly onnxruntimeMs: number | null;
  readonly pytorchMs: number | null;
  readonly pytorchTunedMs: number | null;
  /** Ours to PyTorch's default; below 1 we are faster. Of workers-scaling: two processes' throughput to one's. */
  readonly ratio: number | null;
  readonly ratioToTuned: number | null;
  /** Largest resident memory of one process of that side, MB. */
  readonly peakMb: number | null;
  readonly onnxruntimePeakMb: number | null;
  readonly pytorchPeakMb: number | null;
  readonly pytorchTunedPeakMb: number | null;
  /** First and third quartile of the units. */
  readonly oursSpreadMs: readonly [number, number] | null;
  readonly onnxruntimeSpreadMs: readonly [number, number] | null;
  readonly pytorchSpreadMs: readonly [number, number] | null;
  readonly pytorchTunedSpreadMs: readonly [number, number] | null;
  /** The least arithmetic of a unit by our time. */
  readonly gflops: number | null;
  readonly pytorchGflops: number | null;
  /** The time that the least arithmetic would take at the measured ceilings, by our time; 1 is perfect. */
  readonly shareOfCeiling: number | null;
  /** The tensor layout that was fastest for PyTorch tuned. */
  readonly tunedLayout: string | null;
  readonly units: number | null;
  readonly note: string | null;
  /** Numbers that only some lines have. */
  readonly more: Readonly<Record<string, number>>;
}

const nothing = {
  oursMs: null,
  onnxruntimeMs: null,
  pytorchMs: null,
  pytorchTunedMs: null,
  ratio: null,
  ratioToTuned: null,
  peakMb: null,
  onnxruntimePeakMb: null,
  pytorchPeakMb: null,
  pytorchTunedPeakMb: null,
  oursSpreadMs: null,
  onnxruntimeSpreadMs: null,
  pytorchSpreadMs: null,
  pytorchTunedSpreadMs: null,
  gflops: null,
  pytorchGflops: null,
  shareOfCeiling: null,
  tunedLayout: null,
  units: null,
  more: {},
} as const;

export function unavailable({ name, title, note }: Line, reason: string): Result {
  return { name, title, available: false, reason, ...nothing, note: note ?? null };
}

export function resultOf(line: Line, measured: LineMeasured, ceilings: Ceilings | undefined): Result {
  const { ours, onnxruntime, pytorch, tuned, layout, throughputRatio } = measured;
  const total = line.flops ? line.flops.convolution + line.flops.dense : undefined;
  const gflops = (ms: number | undefined) => (total === undefined || ms === undefined ? null : total / ms / 1e6);
  const ratio = pytorch ? ours.ms / pytorch.ms : null;
  return {
    name: line.name,
    title: line.title,
    available: true,
    reason: null,
    ...nothing,
    oursMs: ours.ms,
    onnxruntimeMs: onnxruntime?.ms ?? null,
    pytorchMs: pytorch?.ms ?? null,
    pytorchTunedMs: tuned?.ms ?? null,
    ratio: throughputRatio ?? ratio,
    ratioToTuned: tuned ? ours.ms / tuned.ms : null,
    peakMb: ours.peakMb,
    onnxruntimePeakMb: onnxruntime?.peakMb ?? null,
    pytorchPeakMb: pytorch?.peakMb ?? null,
    pytorchTunedPeakMb: tuned?.peakMb ?? null,
    oursSpreadMs: ours.spreadMs,
    onnxruntimeSpreadMs: onnxruntime?.spreadMs ?? null,
    pytorchSpreadMs: pytorch?.spreadMs ?? null,
    pytorchTunedSpreadMs: tuned?.spreadMs ?? null,
    gflops: gflops(ours.ms),
    pytorchGflops: gflops(pytorch?.ms),
    // The ceilings are those of float32.
    shareOfCeiling: line.flops && ceilings && !line.onednnAlone ? msAtCeiling(line.flops, ceilings) / ours.ms : null,
    tunedLayout: layout ?? null,
    units: ours.units,
    note: line.note ?? null,
    more: moreOf(line, measured, ratio),
  };
}

function moreOf(
  line: Line,
  { ours, pytorch, throughputRatio, pytorchThroughputRatio }: LineMeasured,
  ratioToPytorch: number | null,
): Readonly<Record<string, number>> {
  const named = (side: string, parts: Readonly<Record<string, number>> = {}) =>
    Object.entries(parts).map(([name, value]) => [`${side}.${name}`, value] as const);
  return {
    ...Object.fromEntries([...named("ours", ours.parts), ...named("pytorch", pytorch?.parts)]),
    ...(pytorch && line.remark?.({ ours: ours.parts, pytorch: pytorch.parts })),
    ...(throughputRatio !== undefined && ratioToPytorch !== null && { ratioToPytorch }),
    ...(pytorchThroughputRatio !== undefined && { pytorchThroughputRatio }),
  };
}

function msAtCeiling({ convolution, dense }: Flops, ceilings: Ceilings): number {
  return convolution / ceilings.convolution / 1e6 + dense / ceilings.sgemm / 1e6;
}

/** The ceilings that two results tell; undefined unless both were measured. */
export function ceilingsOf(results: readonly Result[]): Ceilings | undefined {
  const of = ({ name, flops }: Line) => {
    const result = results.find((each) => each.name === name);
    const times = [result?.oursMs, result?.pytorchMs, result?.pytorchTunedMs].filter((ms) => typeof ms === "number");
    return flops && times.length > 0 ? (flops.convolution + flops.dense) / Math.min(...times) / 1e6 : undefined;
  };
  const [sgemm, convolution] = [of(sgemmCeiling), of(convolutionCeiling)];
  return sgemm === undefined || convolution === undefined ? undefined : { sgemm, convolution };
}
