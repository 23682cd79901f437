import type * as Ort from "onnxruntime-node";
import { InputError, type Tensor, tensor } from "../base/index.ts";
import { loadOnnxruntime } from "./load-onnxruntime.ts";
import { modelProto } from "./onnx-schema.ts";

/** Another tool's ONNX model, run as it is. */
export interface OnnxSession {
  /** images [batch, ...] -> the value, of whatever shape. */
  run(images: Tensor<"float32">): Promise<Tensor<"float32">>;
  dispose(): Promise<void>;
}

/**
 * Opens a model in onnxruntime for one input and one of its values, an output or the result of any node in its midst.
 * Throws InputError when onnxruntime does not take the model.
 */
export async function openOnnx(
  where: string,
  bytes: Uint8Array,
  {
    input,
    value,
    isOutput,
    threads = 1,
  }: {
    readonly input: string;
    readonly value: string;
    readonly isOutput: boolean;
    readonly threads?: number;
  },
): Promise<OnnxSession> {
  const ort = await loadOnnxruntime();
  let session: Ort.InferenceSession;
  try {
    session = await ort.InferenceSession.create(isOutput ? bytes : withOutput(bytes, value), {
      executionProviders: ["cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
    });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`${where}: expected a model that onnxruntime runs, got its complaint: ${said.slice(0, 300)}`, {
      cause,
    });
  }
  return {
    async run({ data, shape }) {
      const found = (await session.run({ [input]: new ort.Tensor("float32", data, shape) }, [value]))[value];
      if (found?.type !== "float32")
        throw new InputError(`${where}: ${value}: expected float32 numbers, got ${found?.type ?? "nothing"}`);
      return tensor("float32", [...found.dims], found.data as Float32Array);
    },
    dispose: () => session.release(),
  };
}

/**
 * The model with one more output. Protobuf messages that follow each other are merged, lists being joined, so that nothing
 * of the file has to be understood or written again.
 */
function withOutput(bytes: Uint8Array, name: string): Uint8Array {
  return Buffer.concat([bytes, modelProto.encode({ graph: { output: [{ name }] } }).finish()]);
}
