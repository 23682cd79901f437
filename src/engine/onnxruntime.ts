import { tensor } from "../base/index.ts";
import type { Executable } from "./executable.ts";
import { loadOnnxruntime } from "./load-onnxruntime.ts";
import { lowerToOnnx } from "./lower-onnx.ts";
import type { Node } from "./nodes.ts";
import { encodeModel } from "./onnx-model.ts";

export type Device = "cpu" | "webgpu" | "cuda";

export interface ExecutorOptions {
  readonly device: Device;
  /** How many share the work. Sweeps run one-thread workers, which together are faster than one with two. */
  readonly threads: number;
}

let knownBlock: Promise<number> | undefined;

/** How many channels the CPU's own image layout puts side by side: 16 with AVX-512, 8 with AVX2, 0 for no such layout. */
function channelBlock(): Promise<number> {
  knownBlock ??= measureChannelBlock();
  return knownBlock;
}

/** Reorders an image of 16 channels and 2 pixels whose values are their own addresses, and looks where pixel 1 went. */
async function measureChannelBlock(): Promise<number> {
  const ort = await loadOnnxruntime();
  const shape = [1, 16, 1, 2];
  const model = encodeModel({
    nodes: [{ op: "ReorderInput", domain: "com.microsoft.nchwc", inputs: ["x"], outputs: ["y"] }],
    inputs: [{ name: "x", type: "float32", shape }],
    outputs: [{ name: "y", type: "float32", shape }],
    initializers: [],
  });
  try {
    const session = await ort.InferenceSession.create(model, { logSeverityLevel: 4, intraOpNumThreads: 1 });
    const x = new ort.Tensor(
      "float32",
      Float32Array.from({ length: 32 }, (_, i) => i),
      shape,
    );
    const { y } = await session.run({ x });
    await session.release();
    const block = (y?.data as Float32Array | undefined)?.indexOf(1);
    return block === 8 || block === 16 ? block : 0;
  } catch {
    return 0;
  }
}

/** Runs a program as one ONNX graph in onnxruntime. */
export async function prepareOnnxruntime(outputs: readonly Node[], options: ExecutorOptions): Promise<Executable> {
  const ort = await loadOnnxruntime();
  const graph = lowerToOnnx(outputs, { block: options.device === "cpu" ? await channelBlock() : 0 });
  const session = await ort.InferenceSession.create(encodeModel(graph), {
    executionProviders: [options.device],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
    // One block planned for a whole run comes on top of what the first run took piece by piece, which then lies idle.
    enableMemPattern: false,
    // Denormal numbers cost a hundredfold and carry nothing here.
    extra: { session: { set_denormal_as_zero: "1" } },
  });
  const needs = graph.inputs.map(({ name }) => Number(name.slice("input".length)));
  return {
    needs,
    async run(inputs) {
      const feeds = Object.fromEntries(
        graph.inputs.map(({ name, type, shape }, i) => {
          const leaf = inputs(needs[i] ?? 0);
          return [name, new ort.Tensor(type as "float32", leaf.data as Float32Array, shape)];
        }),
      );
      const results = await session.run(feeds);
      return graph.outputs.map(({ name, type, shape }) => {
        const data = results[name]?.data;
        if (data === undefined) throw new Error(`onnxruntime returned no ${name}`);
        return tensor(type as "float32", shape, data as Float32Array);
      });
    },
    dispose: () => session.release(),
  };
}
