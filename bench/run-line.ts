import { join } from "node:path";
import { writeSafetensors } from "../src/engine/index.ts";
import type { Line } from "./lines/index.ts";
import { alternate, type Measured } from "./measure.ts";
import type { WorkRequest } from "./protocol.ts";
import { type Pair, scale } from "./scaling.ts";
import { type Side, startOurs, startTorch } from "./side.ts";
import type { Torch } from "./torch.ts";

export interface RunOptions {
  readonly threads: number;
  readonly rounds: number;
  /** Without it only our side is run. */
  readonly torch: Torch | undefined;
  /** Our side computes on oneDNN; onnxruntime is then measured beside it. */
  readonly onednn: boolean;
  /** An empty folder for what the sides share. */
  readonly folder: string;
}

/** What a line gave on each side; undefined where there is no PyTorch, or nothing to tune. */
export interface LineMeasured {
  readonly ours: Measured;
  /** Ours on onnxruntime, where `ours` is on oneDNN. */
  readonly onnxruntime?: Measured;
  readonly pytorch?: Measured;
  readonly tuned?: Measured;
  /** How the tuned side lays its tensors out. */
  readonly layout?: string;
  /** Of `scaling` lines: throughput of two processes divided by that of one. */
  readonly throughputRatio?: number;
  readonly pytorchThroughputRatio?: number;
}

/** Runs one line with a fresh process for every side; whatever happens, they are ended. */
export async function runLine(line: Line, options: RunOptions): Promise<LineMeasured> {
  const { torch, folder } = options;
  const inputs = join(folder, `${line.name}.safetensors`);
  if (torch) await writeSafetensors(inputs, await line.inputs());
  const threads = line.kind === "scaling" ? 1 : options.threads;
  const work: WorkRequest = { line: line.name, settings: line.settings, threads, inputs, folder };
  const sides: Side[] = [];
  const prepared = async (side: Side, layout?: string): Promise<Side> => {
    sides.push(side);
    await side.ask({ do: "prepare", ...work, layout });
    return side;
  };
  try {
    return await (line.kind === "scaling"
      ? measureScaling(prepared, options)
      : measureAlternating(line, work, prepared, options));
  } finally {
    await Promise.all(sides.map((side) => side.end()));
  }
}

type Prepared = (side: Side, layout?: string) => Promise<Side>;

async function measureAlternating(
  line: Line,
  work: WorkRequest,
  prepared: Prepared,
  { torch, threads, rounds, ...options }: RunOptions,
): Promise<LineMeasured> {
  const onednn = options.onednn && !line.onednnAlone;
  const layout = torch && (await fastestLayout(torch, work));
  const sides = [await prepared(startOurs())];
  if (torch) {
    sides.push(await prepared(startTorch(torch, { threads, tuned: false })));
    sides.push(await prepared(startTorch(torch, { threads, tuned: true }), layout));
  }
  if (onednn) sides.push(await prepared(startOurs("onnxruntime")));
  const measured = await alternate(sides, { rounds, pace: line.pace });
  const onnxruntime = onednn ? measured.at(-1) : undefined;
  const [ours, pytorch, tuned] = onednn ? measured.slice(0, -1) : measured;
  if (!ours) throw new Error(`${line.name}: nothing was measured`);
  return { ours, onnxruntime, pytorch, tuned, layout };
}

/** In a process of its own, so that the layouts that are not taken leave no trace in the peak of memory. */
async function fastestLayout(torch: Torch, work: WorkRequest): Promise<string> {
  const side = startTorch(torch, { threads: work.threads, tuned: true });
  try {
    return (await side.ask({ do: "choose", ...work })).layout;
  } finally {
    await side.end();
  }
}

async function measureScaling(prepared: Prepared, { torch, rounds }: RunOptions): Promise<LineMeasured> {
  const pair = async (start: () => Side): Promise<Pair> => [await prepared(start()), await prepared(start())];
  const pairs = [await pair(() => startOurs())];
  if (torch) pairs.push(await pair(() => startTorch(torch, { threads: 1, tuned: false })));
  const [ours, pytorch] = await scale(pairs, rounds);
  if (!ours) throw new Error("workers-scaling: nothing was measured");
  return {
    ours: ours.measured,
    throughputRatio: ours.throughputRatio,
    pytorch: pytorch?.measured,
    pytorchThroughputRatio: pytorch?.throughputRatio,
  };
}
