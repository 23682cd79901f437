import { InputError, nearest, type Tensor } from "../../base/index.ts";
import type { FileNode, OnnxFile, Traced } from "../../engine/index.ts";
import { type Lifted, operators, traced, unlifted } from "./operators.ts";

/** The part of a file's graph that makes one value of its input. */
export interface Part {
  /** In the order of computation. */
  readonly nodes: readonly FileNode[];
  readonly input: string;
  readonly value: string;
  /** Weights by their names in the file: what training would move. */
  readonly weights: ReadonlyMap<string, Tensor<"float32">>;
}

/** Positions of weights among an operator's inputs. */
const weightPlaces: Readonly<Record<string, readonly number[]>> = {
  Conv: [1, 2],
  Gemm: [1, 2],
  MatMul: [0, 1],
  BatchNormalization: [1, 2],
  Add: [0, 1],
  Mul: [0, 1],
};

/** The value that a name means: an output, the result of a node, or a node by its own name. */
export function valueNamed(where: string, { nodes, outputs }: OnnxFile, name: string): string {
  const results = nodes.flatMap((node) => node.outputs);
  if (results.includes(name)) return name;
  const [found] = nodes.find((node) => node.name === name)?.outputs ?? [];
  if (found !== undefined) return found;
  const known = [...outputs.map((each) => each.name), ...nodes.map((node) => node.name), ...results].filter(Boolean);
  const near = nearest(name, known);
  throw new InputError(
    `${where}: --features: expected the name of an output or a node, such as ${known.slice(0, 3).join(", ")}, got "${name}"${near ? `; did you mean "${near}"?` : ""}`,
  );
}

/** What computes a value. Throws InputError naming the first operator that cannot be lifted. */
export function partFor(where: string, file: OnnxFile, value: string): Part {
  const makers = new Map(file.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const needed = new Set<FileNode>();
  const open = [value];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const maker = makers.get(name);
    if (!maker || needed.has(maker)) continue;
    needed.add(maker);
    open.push(...maker.inputs);
  }
  const nodes = file.nodes.filter((node) => needed.has(node));
  const strange = nodes.find(
    ({ op, domain }) => !Object.hasOwn(operators, op) || (domain !== "" && domain !== "ai.onnx"),
  );
  if (strange)
    throw new InputError(
      `${where}: ${unlifted(strange).message}; known are ${Object.keys(operators).sort().join(", ")}`,
    );
  const weights = new Map<string, Tensor<"float32">>();
  for (const { op, inputs } of nodes)
    for (const place of weightPlaces[op] ?? []) {
      const found = file.initializers.get(inputs[place] ?? "");
      if (found?.dtype === "float32") weights.set(inputs[place] ?? "", found as Tensor<"float32">);
    }
  return { nodes, input: file.inputs[0]?.name ?? "", value, weights };
}

/** The value as a function of the images, with the weights that are given. Throws InputError for what cannot be lifted. */
export function lift(
  where: string,
  file: OnnxFile,
  { nodes, input, value }: Part,
  images: Traced,
  weights: ReadonlyMap<string, Traced>,
): Traced {
  const known = new Map<string, Lifted>([...file.initializers, ...weights, [input, images]]);
  const fileBatch = file.inputs[0]?.shape[0];
  for (const node of nodes) {
    const inputs = node.inputs.map((name) => (name === "" ? undefined : known.get(name)));
    try {
      const made = operators[node.op]?.({ node, inputs, fileBatch });
      if (made) known.set(node.outputs[0] ?? "", made);
    } catch (cause) {
      if (cause instanceof InputError) throw new InputError(`${where}: ${cause.message}`, { cause });
      throw new Error(`lifting ${node.op} "${node.name}"`, { cause });
    }
  }
  const found = known.get(value);
  if (found === undefined) throw new InputError(`${where}: expected a node that makes "${value}", got none`);
  return traced(found);
}
