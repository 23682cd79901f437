import { float32, type Tensor } from "../../base/index.ts";
import type { OnnxFile } from "../../engine/index.ts";

/** The linear layer at the end of a classifier. */
export interface OnnxHead {
  /** [classes, featureSize]. */
  readonly weight: Tensor<"float32">;
  /** [classes]. */
  readonly bias: Tensor<"float32">;
  /** The value that it reads, and the value that it makes. */
  readonly features: string;
  readonly answer: string;
}

/** The output that is a classifier's answer: the one that says so, else the first. */
export const answerOf = ({ outputs }: OnnxFile): string =>
  outputs.find(({ name }) => name === "logits")?.name ?? outputs[0]?.name ?? "";

/** The linear layer that makes the answer, and what it reads. */
export function headOf(file: OnnxFile): OnnxHead | undefined {
  const { nodes, initializers } = file;
  const maker = (name: string | undefined) => nodes.find((node) => node.outputs[0] === name);
  const constant = (name: string | undefined) => initializers.get(name ?? "") as Tensor<"float32"> | undefined;
  let node = maker(answerOf(file));
  while (node && ["Identity", "Softmax", "Dropout"].includes(node.op)) node = maker(node.inputs[0]);
  const [answer = ""] = node?.outputs ?? [];
  if (node?.op === "Gemm") {
    const { alpha = 1, beta = 1, transA = 0, transB = 0 } = node.attributes;
    const [weight, bias] = [constant(node.inputs[1]), constant(node.inputs[2])];
    if (!weight || alpha !== 1 || beta !== 1 || transA !== 0) return undefined;
    return { answer, features: node.inputs[0] ?? "", ...layer(transB === 1 ? weight : transposed(weight), bias) };
  }
  const added = node?.op === "Add" ? node.inputs : [];
  const bias = added.map(constant).find((each) => each !== undefined);
  let product = node?.op === "Add" ? added.map(maker).find((each) => each !== undefined) : node;
  // Our own files multiply by a mean's 1 / n behind the product, and the features by the same.
  const [left, right] = product?.op === "Mul" ? product.inputs : [];
  product = [left, right].map(maker).find((each) => each?.op === "MatMul") ?? product;
  const weight = product?.op === "MatMul" ? constant(product.inputs[1]) : undefined;
  if (weight?.shape.length !== 2) return undefined;
  const named = file.producer === "carryover" && file.outputs.some(({ name }) => name === "features");
  return { answer, features: named ? "features" : (product?.inputs[0] ?? ""), ...layer(transposed(weight), bias) };
}

/** Where the graph ends in what is taken for the features, these are the logits. */
export function identityHead(n: number): Pick<OnnxHead, "weight" | "bias"> {
  return {
    weight: float32(
      [n, n],
      Float32Array.from({ length: n * n }, (_, at) => Number(at % (n + 1) === 0)),
    ),
    bias: float32([n], new Float32Array(n)),
  };
}

function layer(weight: Tensor<"float32">, bias: Tensor<"float32"> | undefined) {
  const classes = weight.shape[0] ?? 0;
  const data = bias
    ? Float32Array.from({ length: classes }, (_, k) => bias.data[bias.data.length === 1 ? 0 : k] as number)
    : undefined;
  return { weight, bias: float32([classes], data ?? new Float32Array(classes)) };
}

function transposed({ shape, data }: Tensor<"float32">): Tensor<"float32"> {
  const [rows = 0, columns = 0] = shape;
  return float32(
    [columns, rows],
    Float32Array.from(
      { length: data.length },
      (_, at) => data[(at % rows) * columns + Math.floor(at / rows)] as number,
    ),
  );
}
