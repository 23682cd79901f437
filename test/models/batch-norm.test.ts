import { describe, expect, test } from "vitest";
import { float32, type Tensor, tensor } from "../../src/base/index.ts";
import { compile, digestTree, type Traced } from "../../src/engine/index.ts";
import { batchNorm } from "../../src/models/batch-norm.ts";
import type { BatchStatistics, NormParameters, Parameters } from "../../src/models/index.ts";
import { resnet, withRunningStatistics } from "../../src/models/index.ts";
import { train } from "../../src/training/index.ts";
import { tinyResnet } from "./tiny.ts";

const norm = (weight: number, bias: number, mean: number, variance: number): NormParameters<Tensor<"float32">> => ({
  weight: float32([1], [weight]),
  bias: float32([1], [bias]),
  mean: float32([1], [mean]),
  variance: float32([1], [variance]),
});
// Four values of one channel: mean 3, squared deviations 4 + 1 + 0 + 9 = 14, biased variance 3.5, unbiased 14 / 3.
const images = float32([2, 1, 1, 2], [1, 2, 3, 6]);

describe("batch normalisation", () => {
  test("while training the batch's own mean and biased variance serve", async () => {
    const run = await compile<Tensor>(
      (x: Traced, p: NormParameters<Traced>) => batchNorm(x, p, "norm", {}),
      [images, norm(2, 1, 0, 1)],
    );
    const { data } = await run(images, norm(2, 1, 0, 1));
    const expected = [1, 2, 3, 6].map((x) => ((x - 3) / Math.sqrt(3.5 + 1e-5)) * 2 + 1);
    for (const [i, value] of expected.entries()) expect(data[i]).toBeCloseTo(value, 5);
  });

  test("without a record the running statistics serve", async () => {
    const run = await compile<Tensor>(
      (x: Traced, p: NormParameters<Traced>) => batchNorm(x, p, "norm"),
      [images, norm(2, 1, 5, 4)],
    );
    const { data } = await run(images, norm(2, 1, 5, 4));
    const expected = [1, 2, 3, 6].map((x) => ((x - 5) / Math.sqrt(4 + 1e-5)) * 2 + 1);
    for (const [i, value] of expected.entries()) expect(data[i]).toBeCloseTo(value, 5);
  });

  test("running statistics move a tenth of the way, with the unbiased variance", async () => {
    const parameters = { f: { norm: norm(1, 0, 10, 2) }, g: { weight: float32([1, 1]), bias: float32([1]) } };
    const run = await compile<Parameters<Tensor>>(
      (x: Traced, p: Parameters<Traced>) => {
        const record: BatchStatistics = {};
        batchNorm(x, p.f.norm as NormParameters<Traced>, "norm", record);
        return withRunningStatistics(p, record);
      },
      [images, parameters],
    );
    const { f } = await run(images, parameters);
    const { mean, variance } = f.norm as NormParameters<Tensor>;
    expect(mean.data[0]).toBeCloseTo(0.9 * 10 + 0.1 * 3, 5);
    expect(variance.data[0]).toBeCloseTo(0.9 * 2 + (0.1 * 14) / 3, 5);
  });
});

const tiny = resnet(tinyResnet, 3);

test("training moves running statistics by the batch alone: no momentum, no weight decay", async () => {
  const n = 8;
  const pixels = Uint8Array.from({ length: n * 3072 }, (_, i) => (i * 37) % 251);
  const data = {
    pixels,
    shape: [n, 3, 32, 32] as const,
    labels: Int32Array.from({ length: n }, (_, i) => i % 3),
    classes: ["a", "b", "c"],
  };
  const schedule = { epochs: 1, batch: n, learningRate: 0, momentum: 0.9, weightDecay: 0.5, milestones: [], decay: 1 };
  const run = train(tiny, data, schedule, { seed: 1 });
  let next = await run.next();
  while (!next.done) next = await run.next();
  const { parameters, velocity } = next.value;
  const before = tiny.init(1);
  // With learning rate 0 nothing that is learnt moves, so only statistics can tell the digests apart.
  const stem = parameters.f.stem_norm as NormParameters<Tensor<"float32">>;
  expect(digestTree(parameters.f.stem_conv ?? {})).toBe(digestTree(before.f.stem_conv ?? {}));
  expect(digestTree(parameters.f)).not.toBe(digestTree(before.f));
  const stillThere = (velocity.f.stem_norm as NormParameters<Tensor<"float32">>).mean.data;
  expect([...stillThere]).toEqual([0, 0, 0, 0]);
  // The stem's batch mean, worked out from its own definition on the images in another graph.
  const record = await compile<{ mean: Tensor }>(
    (f: Parameters<Traced>["f"], x: Traced) => {
      const statistics: BatchStatistics = {};
      tiny.features(f, x, statistics);
      const seen = statistics.stem_norm;
      if (!seen) throw new Error("no statistics");
      return { mean: seen.mean };
    },
    [
      before.f,
      tensor(
        "float32",
        [n, 3, 32, 32],
        Float32Array.from(pixels, (v) => v / 255),
      ),
    ],
  );
  const { mean } = await record(
    before.f,
    tensor(
      "float32",
      [n, 3, 32, 32],
      Float32Array.from(pixels, (v) => v / 255),
    ),
  );
  for (const [i, value] of mean.data.entries()) expect(stem.mean.data[i]).toBeCloseTo(0.1 * value, 5);
});
