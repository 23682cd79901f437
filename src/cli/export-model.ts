import { float32, InputError, randomStream, readWhole, seedFor, sizeOf, type Tensor } from "../base/index.ts";
import { compile, openOnnx, type Traced } from "../engine/index.ts";
import { type LoadedModel, loadModel, type Parameters, saveModel } from "../models/index.ts";
import type { ExportModelRequest } from "./commands/export-model.ts";
import { namedModel } from "./named-model.ts";
import { print, printJson } from "./output.ts";
import { importOptions } from "./transfer/candidate.ts";
import { stem } from "./transfer/transfer-model.ts";

/** How far the written file's logits may lie from the model's: float32's rounding through some fifty layers. */
const tolerance = 1e-5;

/** Writes a model, reads it again and compares the logits on random images: what was written answers as it did. */
export async function exportModel(name: string, request: ExportModelRequest): Promise<void> {
  const { path, trial } = await namedModel("export-model", name, request);
  const out = request.out ?? `${trial ? name : stem(path)}.onnx`;
  const loaded = await loadModel(path, importOptions(request));
  if (out.endsWith(".safetensors") && loaded.model.name === "onnx")
    throw new InputError(`--out: expected .onnx for a model that is an ONNX graph, got "${out}"`);
  await saveModel(out, loaded);
  const [side, { classes, featureSize, name: architecture }] = [loaded.model.inputShape[1], loaded.model];
  const images = randomImages(loaded.model.inputShape);
  const mine = await logitsOf(loaded, images);
  const theirs = out.endsWith(".onnx") ? await runFile(out, images) : await logitsOf(await loadModel(out), images);
  const largestLogit = Math.max(...mine.map(Math.abs));
  const scale = Math.max(1, largestLogit);
  const difference = mine.reduce((most, value, i) => Math.max(most, Math.abs(value - (theirs[i] ?? Number.NaN))), 0);
  if (!(difference <= tolerance * scale))
    throw new Error(`export-model: ${out} answers ${difference} from the model, more than ${tolerance} of ${scale}`);
  const facts = { file: out, model: architecture, side, featureSize, classes, difference, largestLogit };
  if (request.json) printJson(facts);
  else {
    print(`${architecture}, images of ${side} x ${side}, ${featureSize} features, ${classes} classes`);
    print(`its logits on 4 random images differ by at most ${difference.toExponential(1)}`);
    print(out);
  }
}

function randomImages(imageShape: readonly number[]): Tensor<"float32"> {
  const stream = randomStream(seedFor(0, "export", "check"));
  const shape = [4, ...imageShape];
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => stream.uniform()),
  );
}

/** What onnxruntime makes of a file. */
async function runFile(path: string, images: Tensor<"float32">): Promise<Float32Array> {
  const session = await openOnnx(path, await readWhole(path), { input: "images", value: "logits", isOutput: true });
  try {
    return (await session.run(images)).data;
  } finally {
    await session.dispose();
  }
}

async function logitsOf({ model, parameters }: LoadedModel, images: Tensor<"float32">): Promise<Float32Array> {
  const run = await compile<Tensor<"float32">>(
    (p: Parameters<Traced>, x: Traced) => model.logits(p.g, model.features(p.f, x)),
    [parameters, images],
    { frozen: [0] },
  );
  try {
    return (await run(images)).data;
  } finally {
    await run.dispose();
  }
}
