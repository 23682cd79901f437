import type { CombinationFusion } from "./fusion.ts";
import type { Lowering } from "./lowering.ts";
import { type Node, scalarOf } from "./nodes.ts";

/** The channels' factors of a term as a vector [channels], its sign included; undefined for a bare image. */
export function scaleVector(
  lowering: Lowering,
  scales: readonly Node[],
  sign: 1 | -1,
  channels: number,
): string | undefined {
  const { graph } = lowering;
  if (scales.length === 0 && sign === 1) return undefined;
  const factor = scales.reduce<number>((product, scale) => product * (scalarOf(scale) ?? 1), sign);
  const vectors = scales
    .filter((scale) => scalarOf(scale) === undefined)
    .map((scale) => spread(lowering, scale, channels));
  const [head, ...rest] = vectors;
  if (head === undefined) return graph.emit("Expand", [graph.scalar(factor), graph.integers([channels])]);
  const product = rest.reduce((a, b) => graph.emit("Mul", [a, b]), head);
  return factor === 1 ? product : graph.emit("Mul", [product, graph.scalar(factor)]);
}

/** [1, channels, 1, 1] or [1, 1, 1, 1] to [channels]. */
function spread(lowering: Lowering, node: Node, channels: number): string {
  const { graph } = lowering;
  const vector = graph.reshape(lowering.plain(node), [-1]);
  return node.shape[1] === channels ? vector : graph.emit("Expand", [vector, graph.integers([channels])]);
}

/** The sum of the biases as a vector [channels]; undefined without any. */
export function biasVector(lowering: Lowering, { biases, shape }: CombinationFusion): string | undefined {
  const { graph } = lowering;
  const channels = shape[1] ?? 1;
  const vectors = biases.map(({ bias, sign }) => {
    const vector = spread(lowering, bias, channels);
    return sign === 1 ? vector : graph.emit("Neg", [vector]);
  });
  return vectors.length === 0 ? undefined : vectors.reduce((a, b) => graph.emit("Add", [a, b]));
}

/** The combination by plain products and sums. */
export function lowerCombination(lowering: Lowering, fusion: CombinationFusion): string {
  const { graph } = lowering;
  const channels = fusion.shape[1] ?? 1;
  const across = (vector: string) => graph.reshape(vector, [1, channels, 1, 1]);
  const parts = fusion.terms.map(({ image, scales, sign }) => {
    const scale = scaleVector(lowering, scales, sign, channels);
    return scale === undefined ? lowering.plain(image) : graph.emit("Mul", [lowering.plain(image), across(scale)]);
  });
  const bias = biasVector(lowering, fusion);
  if (bias !== undefined) parts.push(across(bias));
  const sum = parts.reduce((a, b) => graph.emit("Add", [a, b]));
  return fusion.relu ? graph.emit("Relu", [sum]) : sum;
}
