/** Compiles one training step for two devices and prints the largest relative difference of each output, as JSON. */
import { float32, leavesOf, mapLeaves, type Tensor, tensor } from "../../src/base/index.ts";
import { compile, crossEntropy, np, sgdMomentum, type Traced, valueAndGrad } from "../../src/engine/index.ts";
import { type Parameters, plainCnn } from "../../src/models/index.ts";

const model = plainCnn({ name: "tiny", stages: [[16], [16]], dense: [8], classes: 3, side: 8 });
const parameters = model.init(1);
const velocity = mapLeaves(parameters, ({ shape }) => float32(shape)) as Parameters<Tensor>;
const images = float32(
  [4, 3, 8, 8],
  Float32Array.from({ length: 768 }, (_, i) => (Math.sin(i) + 1) / 2),
);
const labels = tensor("int32", [4], Int32Array.of(0, 1, 2, 0));

function step(p: Parameters<Traced>, v: Parameters<Traced>, x: Traced, y: Traced) {
  const loss = (q: Parameters<Traced>) => np.mean(crossEntropy(model.logits(q.g, model.features(q.f, x)), y));
  const [value, gradient] = valueAndGrad(loss)(p) as [Traced, Parameters<Traced>];
  return [value, sgdMomentum(p, v, gradient, { learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4 })] as never;
}

const example = [parameters, velocity, images, labels];
const outputs: Tensor[][] = [];
for (const device of ["cpu", "webgpu"] as const) {
  const run = await compile(step, example, { device });
  outputs.push(leavesOf(await run(...example)));
  await run.dispose();
}
const [onCpu = [], onGpu = []] = outputs;
const differences = onCpu.map(({ data }, i) => {
  const scale = Math.max(...data.map(Math.abs), 1e-3);
  return Math.max(...data.map((value, j) => Math.abs(value - (onGpu[i]?.data[j] ?? Number.NaN)))) / scale;
});
console.log(JSON.stringify(differences));
