import { availableParallelism } from "node:os";
import { digestBytes, InputError } from "../../base/index.ts";
import type { LabelledImages } from "../../datasets/index.ts";
import { openOnnx } from "../../engine/index.ts";
import {
  checkImages,
  type LiftedBackbone,
  liftBackbone,
  normalised,
  type OnnxBackbone,
  type OnnxOptions,
  paddedBatches,
  pooledVectors,
  readBackbone,
} from "../../models/index.ts";
import { type ExtractionOptions, extractFeatures, headOnHost, type LabelledFeatures } from "../../transfer/index.ts";
import type { Candidate } from "./candidate.ts";

/**
 * An ONNX file as a candidate: lifted into a differentiable function where its operators allow it, else run by
 * onnxruntime, which gives features but no gradients, so that nothing can be attacked or fine-tuned.
 */
export async function onnxCandidate(path: string, options: OnnxOptions): Promise<Candidate> {
  const backbone = await readBackbone(path, options);
  const whole = await lifted(path, backbone);
  const shared = { path, name: "onnx", side: backbone.side, digest: digestBytes(backbone.bytes), whole };
  if ("reason" in whole)
    return {
      ...shared,
      notes: [...backbone.notes, `onnxruntime computes the features: ${whole.reason}`],
      head: undefined,
      features: (data) => runFeatures(path, backbone, data),
    };
  const { model, parameters } = whole;
  return {
    ...shared,
    notes: backbone.notes,
    head: whole.hasHead ? headOnHost(parameters.g) : undefined,
    features: (data: LabelledImages, engine: ExtractionOptions) =>
      extractFeatures(model.withClasses(data.classes.length), parameters.f, data, engine),
  };
}

async function lifted(path: string, backbone: OnnxBackbone): Promise<LiftedBackbone | { readonly reason: string }> {
  try {
    return await liftBackbone(path, backbone);
  } catch (error) {
    if (error instanceof InputError) return { reason: error.message.replace(`${path}: `, "") };
    throw error;
  }
}

/** Images of a call where the file takes any number. */
const rows = 32;

async function* runFeatures(
  path: string,
  { file, bytes, side, normaliser, value, isOutput, batch = rows }: OnnxBackbone,
  data: LabelledImages,
): AsyncGenerator<{ readonly done: number; readonly of: number }, LabelledFeatures> {
  checkImages("features", { inputShape: [3, side, side], classes: data.classes.length }, data);
  const n = data.shape[0];
  const session = await openOnnx(path, bytes, {
    input: file.inputs[0]?.name ?? "",
    value,
    isOutput,
    threads: availableParallelism(),
  });
  let features = new Float32Array();
  let size = 0;
  try {
    let done = 0;
    for (const { indices, images } of paddedBatches(data, batch)) {
      const found = pooledVectors(await session.run(normalised(images, normaliser)));
      size = found.shape[1] ?? 0;
      if (features.length === 0) features = new Float32Array(n * size);
      features.set(found.data.subarray(0, indices.length * size), done * size);
      done += indices.length;
      yield { done, of: n };
    }
  } finally {
    await session.dispose();
  }
  return { features, labels: data.labels, size };
}
