import { float32, randomStream, sizeOf } from "../../src/base/index.ts";
import { compile, conv2d, np, type Traced } from "../../src/engine/index.ts";
import type { Flops } from "../flops.ts";
import type { Line } from "./line.ts";
import { missingBf16 } from "./shared-inputs.ts";

const product: CeilingOptions = {
  name: "ceiling-sgemm",
  title: "matrix product, 2048 x 2048 x 2048",
  flops: { convolution: 0, dense: 2 * 2048 ** 3 },
  shapes: { x: [2048, 2048], weight: [2048, 2048] },
  compute: (weight, x) => np.matmul(x, weight),
};

const convolution: CeilingOptions = {
  name: "ceiling-convolution",
  title: "convolution, 64 -> 64 channels, 3 x 3, at 32 x 32, batch 64",
  flops: { convolution: 2 * 64 * 64 * 9 * 32 * 32 * 64, dense: 0 },
  shapes: { x: [64, 64, 32, 32], weight: [64, 64, 3, 3] },
  compute: (weight, x) => conv2d(x, weight, undefined, { padding: 1 }),
};

/** A unit is one large matrix product, which says how fast dense layers could be on this machine. */
export const sgemmCeiling = ceilingLine(product);

/** A unit is one convolution of a size that suits every library. */
export const convolutionCeiling = ceilingLine(convolution);

/** The same in bf16. PyTorch as it comes stays float32; PyTorch tuned has its tensors in bf16 already. */
export const bf16Ceilings = [product, convolution].map((options) =>
  ceilingLine({ ...options, name: `${options.name}-bf16`, title: `${options.title}, in bf16`, precision: "bf16" }),
);

interface CeilingOptions {
  readonly name: string;
  readonly title: string;
  readonly flops: Flops;
  readonly shapes: { readonly x: readonly number[]; readonly weight: readonly number[] };
  compute(weight: Traced, x: Traced): Traced;
  readonly precision?: "bf16";
}

function ceilingLine({ name, title, flops, shapes, compute, precision }: CeilingOptions): Line {
  const tensors = () => ({ x: noise(shapes.x, 1), weight: noise(shapes.weight, 2) });
  return {
    kind: "alternate",
    name,
    title,
    flops,
    settings: { precision: precision ?? "float32" },
    onednnAlone: precision === "bf16",
    unavailable: async () => precision && (await missingBf16()),
    pace: { mostRounds: 3 },
    inputs: async () => tensors(),
    async work({ threads }) {
      const { x, weight } = tensors();
      const run = await compile(compute, [weight, x], { threads, precision, frozen: [0] });
      return {
        async run() {
          await run(x);
          return {};
        },
      };
    },
  };
}

function noise(shape: readonly number[], seed: number) {
  const stream = randomStream(seed);
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => stream.uniform() - 0.5),
  );
}
