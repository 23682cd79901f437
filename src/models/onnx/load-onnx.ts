import {
  digestBytes,
  float32,
  InputError,
  mapLeaves,
  randomStream,
  readWhole,
  seedFor,
  sizeOf,
  type Tensor,
} from "../../base/index.ts";
import { compile, decodeOnnx, linear, np, type OnnxFile, openOnnx, type Traced } from "../../engine/index.ts";
import type { Imported, ImportOptions } from "../import/index.ts";
import { initialiseLayer } from "../layers.ts";
import type { Model, Parameters } from "../model.ts";
import { type Normaliser, normalise, normalisers } from "../normaliser.ts";
import { lift, type Part, partFor, valueNamed } from "./graph.ts";
import { answerOf, headOf, identityHead, type OnnxHead } from "./head.ts";

export interface OnnxOptions extends ImportOptions {
  /** The output or node whose value is the features; what the last linear layer reads unless it is given. */
  readonly features?: string;
}

/** What an ONNX file is to transfer, before anything of it is computed. */
export interface OnnxBackbone {
  readonly file: OnnxFile;
  readonly bytes: Uint8Array;
  readonly side: number;
  readonly normaliser: Normaliser | undefined;
  /** The value that is the features, and whether it is an output of the file. */
  readonly value: string;
  readonly isOutput: boolean;
  /** The linear layer behind the features, where there is one and the features were not named. */
  readonly head: OnnxHead | undefined;
  /** Images of a call; undefined where any number will do. */
  readonly batch: number | undefined;
  readonly notes: readonly string[];
}

/** Reads an ONNX file and finds its input, its features and its head. Throws InputError for what is no image classifier. */
export async function readBackbone(path: string, options: OnnxOptions): Promise<OnnxBackbone> {
  const bytes = await readWhole(path);
  const file = decodeOnnx(path, bytes);
  const [input, ...others] = file.inputs;
  if (!input || others.length > 0)
    throw new InputError(
      `${path}: expected a model with one input, images, got ${file.inputs.map(({ name }) => name).join(", ") || "none"}`,
    );
  const [batch, channels = 3, height, width] = input.shape;
  if (input.shape.length > 0 && (input.shape.length !== 4 || channels !== 3))
    throw new InputError(
      `${path}: input "${input.name}": expected images [batch, 3, height, width], got [${input.shape.map((length) => length ?? "any")}]`,
    );
  if (height !== width) throw new InputError(`${path}: expected square images, got ${height} x ${width}`);
  if (height !== undefined && options.side !== undefined && options.side !== height)
    throw new InputError(`${path}: size: expected ${height}, which the file fixes, got ${options.side}`);
  const ours = file.producer === "carryover";
  const { mean, deviation } = normalisers.imagenet;
  const imagenet = { mean: [...mean], deviation: [...deviation] };
  const found = options.features === undefined ? headOf(file) : undefined;
  const output = answerOf(file);
  const value = options.features === undefined ? (found?.features ?? output) : valueNamed(path, file, options.features);
  return {
    file,
    bytes,
    side: height ?? options.side ?? 224,
    normaliser: options.normaliser ?? (ours ? undefined : imagenet),
    value,
    isOutput: file.outputs.some(({ name }) => name === value),
    head: found,
    batch,
    notes: [
      `the features are the value "${value}"${found ? ", which the last linear layer reads" : ""}; maps are averaged over their pixels`,
      ...(options.normaliser || ours
        ? []
        : ["an ONNX file does not say its normaliser: ImageNet's is taken, unless --mean and --std name another"]),
    ],
  };
}

/**
 * A model whose features are the file's graph, lifted into a differentiable function and compared with onnxruntime on two
 * random images. Throws InputError naming the first operator that cannot be lifted.
 */
export async function loadOnnx(path: string, options: OnnxOptions = {}): Promise<Imported> {
  const backbone = await readBackbone(path, options);
  const lifted = await liftBackbone(path, backbone);
  const { file, head } = backbone;
  if (!head || lifted.hasHead) return lifted;
  // What stands behind the features is more than a linear layer; the answer itself makes the same classifier.
  return liftBackbone(path, {
    ...backbone,
    value: head.answer,
    isOutput: file.outputs.some(({ name }) => name === head.answer),
    head: undefined,
    notes: [
      `the features are the answer "${head.answer}", for what makes it of "${head.features}" is no linear layer alone`,
      ...backbone.notes.slice(1),
    ],
  });
}

/** The lifted graph; without a head of its own the features count as logits. */
export interface LiftedBackbone extends Imported {
  readonly hasHead: boolean;
}

/** What was read, lifted as far as its features, and its head where the answer is a linear layer of them. */
export async function liftBackbone(path: string, backbone: OnnxBackbone): Promise<LiftedBackbone> {
  const { file, bytes, side, normaliser, value } = backbone;
  const part = partFor(path, file, value);
  const names = new Map([...part.weights.keys()].map((name, i) => [name, `w${i}_${name.replaceAll(/\W+/g, "_")}`]));
  const f = Object.fromEntries([...part.weights].map(([name, weight]) => [names.get(name) ?? "", { weight }]));
  const features = (p: Parameters<Traced>["f"], images: Traced): Traced => {
    const weights = new Map<string, Traced>();
    for (const [name, ours] of names) {
      const layer = p[ours];
      if (layer) weights.set(name, layer.weight);
    }
    return vectors(lift(path, file, part, normaliser ? normalise(images, normaliser) : images, weights));
  };
  const { featureSize, head } = await checked(path, backbone, part, features, f);
  const g = head ? { weight: head.weight, bias: head.bias } : identityHead(featureSize);
  const graph = { file: digestBytes(bytes), value, side, normaliser };
  const model = (classes: number): Model => ({
    name: "onnx",
    graph,
    inputShape: [3, side, side],
    featureSize,
    classes,
    withClasses: model,
    init: (seed) => ({ f, g: initialiseLayer(seed, "head", [classes, featureSize]) }),
    features,
    logits: (parameters, x) => linear(x, parameters.weight, parameters.bias),
  });
  return {
    model: model(g.bias.shape[0] ?? 0),
    parameters: { f, g },
    notes: backbone.notes,
    hasHead: head !== undefined,
  };
}

/** [batch, channels, height, width] averaged over the pixels, anything else flattened: [batch, size]. */
export function vectors(x: Traced): Traced {
  if (x.shape.length === 4) return np.mean(x, [2, 3]);
  return x.shape.length === 2 ? x : np.reshape(x, [x.shape[0] ?? 0, -1]);
}

/**
 * The size of the features, after they were found to be what onnxruntime makes of the file; and the head, if it makes of
 * them what onnxruntime does.
 */
async function checked(
  path: string,
  { file, bytes, side, normaliser, value, isOutput, head, batch = 2 }: OnnxBackbone,
  { input }: Part,
  features: Model["features"],
  f: Parameters<Tensor<"float32">>["f"],
): Promise<{ readonly featureSize: number; readonly head: OnnxHead | undefined }> {
  const stream = randomStream(seedFor(0, "onnx", "check"));
  const shape = [batch, 3, side, side];
  const images = float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => stream.uniform()),
  );
  const run = await compile<Tensor<"float32">>((p: Parameters<Traced>["f"], x: Traced) => features(p, x), [f, images], {
    frozen: [0],
  });
  const session = await openOnnx(path, bytes, { input, value, isOutput });
  const isAnswer = file.outputs.some(({ name }) => name === head?.answer);
  const answer = head && (await openOnnx(path, bytes, { input, value: head.answer, isOutput: isAnswer }));
  try {
    const ours = await run(images);
    const theirs = pooledVectors(await session.run(normalised(images, normaliser)));
    const [most, far] = [largest(theirs.data), furthest(theirs.data, ours.data)];
    if (String(theirs.shape) !== String(ours.shape) || !(far <= 1e-3 * Math.max(1, most)))
      throw new InputError(
        `${path}: expected the lifted graph to give what onnxruntime gives, got [${ours.shape}] that differs by ${far} of ${most}: it cannot be lifted`,
      );
    const featureSize = ours.shape[1] ?? 0;
    if (!answer || head?.weight.shape[1] !== featureSize) return { featureSize, head: undefined };
    const answers = await answer.run(normalised(images, normaliser));
    const off = furthest(answers.data, answersOf(ours, head));
    return { featureSize, head: off <= 1e-3 * Math.max(1, largest(answers.data)) ? head : undefined };
  } finally {
    await run.dispose();
    await session.dispose();
    await answer?.dispose();
  }
}

/** W x + b for each row. */
function answersOf({ data, shape: [n = 0, size = 0] }: Tensor<"float32">, { weight, bias }: OnnxHead): Float32Array {
  const classes = bias.data.length;
  return Float32Array.from({ length: n * classes }, (_, at) => {
    const [row, k] = [Math.floor(at / classes) * size, at % classes];
    let sum = bias.data[k] as number;
    for (let j = 0; j < size; j++) sum += (weight.data[k * size + j] as number) * (data[row + j] as number);
    return sum;
  });
}

/** NaN as soon as there is one. */
const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** NaN also for another number of values. */
const furthest = (a: Float32Array, b: Float32Array) =>
  a.length === b.length ? largest(a.map((value, i) => value - (b[i] as number))) : Number.NaN;

/** `vectors` of a host tensor. */
export function pooledVectors({ data, shape }: Tensor<"float32">): Tensor<"float32"> {
  const [n = 0, channels = 0] = shape;
  if (shape.length !== 4) return float32([n, data.length / n], data);
  const pixels = data.length / (n * channels);
  return float32(
    [n, channels],
    Float32Array.from({ length: n * channels }, (_, at) => {
      let sum = 0;
      for (let k = 0; k < pixels; k++) sum += data[at * pixels + k] as number;
      return sum / pixels;
    }),
  );
}

/** (x - mean) / deviation on the host. */
export function normalised(images: Tensor<"float32">, normaliser: Normaliser | undefined): Tensor<"float32"> {
  if (!normaliser) return images;
  const plane = (images.shape[2] ?? 0) * (images.shape[3] ?? 0);
  const { mean, deviation } = normaliser;
  return mapLeaves(images, ({ shape, data }) =>
    float32(
      shape,
      Float32Array.from(data as Float32Array, (value, at) => {
        const channel = Math.floor(at / plane) % 3;
        return (value - (mean[channel] ?? 0)) / (deviation[channel] ?? 1);
      }),
    ),
  ) as Tensor<"float32">;
}
