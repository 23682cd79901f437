/** Victims whose robustness is an illusion, or cannot be told. Each says which check must catch it. */

import { type Examples, type HealthCheckName, type Victim, victimOf } from "../../src/attacks/index.ts";
import { randomStream, type Tensor } from "../../src/base/index.ts";
import { bytesOf } from "../../src/datasets/index.ts";
import { nn, np, type Traced } from "../../src/engine/index.ts";
import type { Model, Parameters } from "../../src/models/index.ts";
import { imagesOf, linearModel, pixels } from "./linear-model.ts";

export interface Fixture {
  readonly name: string;
  readonly victim: Victim;
  readonly data: Examples;
  readonly verdict: "suspect" | "failed";
  /** The checks that must go wrong, among others. */
  readonly caughtBy: readonly HealthCheckName[];
}

/** Three classes: the mean of the first, second and last third of the pixels, sharply weighed. */
const rows = [0, 1, 2].map((k) =>
  Array.from({ length: pixels }, (_, i) => (Math.floor((3 * i) / pixels) === k ? 4 : 0)),
);

/** Noisy grey images, in each the third of its class brighter by 1 to 40 levels. */
function examples(n: number): ReturnType<typeof imagesOf> {
  const stream = randomStream(11);
  const labels = Array.from({ length: n }, (_, i) => i % 3);
  const images = labels.map((label, i) =>
    Array.from({ length: pixels }, (_, at) => {
      const bright = Math.floor((3 * at) / pixels) === label ? 1 + (i % 40) : 0;
      return 120 + stream.below(9) + bright;
    }),
  );
  return imagesOf(images, labels);
}

/** A linear model whose outputs go through a function. */
function behind(
  change: (logits: Traced) => Traced,
  scale = 1,
): { model: Model; parameters: Parameters<Tensor<"float32">> } {
  const { model, parameters } = linearModel(
    rows.map((row) => row.map((x) => x * scale)),
    [0, 0, 0],
  );
  return { model: { ...model, logits: (g, features) => change(model.logits(g, features)) }, parameters };
}

const asVictim = ({ model, parameters }: ReturnType<typeof behind>): Victim =>
  victimOf(model, parameters, { rows: 20 });

const data = examples(120);

/** A radius at which about half of the images fall: see `examples`. */
export const radius = { l2: 0.25, linf: 0.04 };

export const honest = { victim: asVictim(behind((logits) => logits)), data };

/** Sure of itself beyond what float32 can tell apart from certainty; the attack must not mind. */
export const overconfident = { victim: asVictim(behind((logits) => logits, 1e5)), data };

function randomised(victim: Victim): Victim {
  let calls = 0;
  const noisy = (images: Float32Array) => {
    const stream = randomStream(calls++);
    return images.map((value) => value + 0.1 * stream.normal());
  };
  return {
    ...victim,
    logits: (images) => victim.logits(noisy(images)),
    gradient: (loss, images, labels, targets) => victim.gradient(loss, noisy(images), labels, targets),
  };
}

/** Its gradients point away from every mistake. */
function misleading(victim: Victim): Victim {
  return {
    ...victim,
    async gradient(loss, images, labels, targets) {
      const { logits, gradient } = await victim.gradient(loss, images, labels, targets);
      return { logits, gradient: gradient.map((value) => -value) };
    },
  };
}

/** Pixels as a model with its normaliser outside takes them: (x - mean) / deviation. */
const normalised: Examples = {
  ...data,
  pixels: Float32Array.from(bytesOf(data), (value) => (value / 255 - 0.5) / 0.25),
};

export const fixtures: readonly Fixture[] = [
  {
    name: "gradient-masked: logits that saturate, 10 tanh(1e4 z)",
    victim: asVictim(behind((z) => np.multiply(np.tanh(np.multiply(distinct(z), 1e4)), 10))),
    data,
    verdict: "suspect",
    caughtBy: ["zero-gradients", "square"],
  },
  {
    name: "gradient-masked: pixels rounded to 32 levels",
    victim: asVictim(rounded()),
    data,
    verdict: "suspect",
    caughtBy: ["zero-gradients", "square"],
  },
  {
    name: "misleading gradients",
    victim: misleading(honest.victim),
    data,
    verdict: "suspect",
    caughtBy: ["square"],
  },
  {
    name: "returns softmax, not logits",
    victim: asVictim(behind((z) => nn.softmax(z, 1))),
    data,
    verdict: "suspect",
    caughtBy: ["probabilities"],
  },
  {
    name: "constant: one class for all",
    victim: asVictim(behind((z) => np.add(np.multiply(z, 0), np.reshape(np.array([0, 1, 0]), [1, 3])))),
    data,
    verdict: "suspect",
    caughtBy: ["zero-gradients"],
  },
  {
    name: "randomised: noise on every input",
    victim: randomised(honest.victim),
    data,
    verdict: "failed",
    caughtBy: ["repeatable", "eps-0"],
  },
  {
    name: "normaliser outside: inputs not in [0, 1]",
    victim: honest.victim,
    data: normalised,
    verdict: "failed",
    caughtBy: ["inputs", "ball"],
  },
  {
    name: "broken: NaN for dark images",
    victim: asVictim(behind((z) => np.sqrt(np.subtract(z, 33)))),
    data,
    verdict: "failed",
    caughtBy: ["finite"],
  },
];

/** Each logit less the largest other one: one is positive, the others negative. */
function distinct(z: Traced): Traced {
  const column = (k: number) => np.reshape(np.sum(np.multiply(z, np.reshape(np.array(unit(k)), [1, 3])), 1), [-1, 1]);
  const all = [0, 1, 2].map(column) as [Traced, Traced, Traced];
  const others = all.map((_, k) => np.maximum(all[(k + 1) % 3] as Traced, all[(k + 2) % 3] as Traced));
  return np.concatenate(
    all.map((own, k) => np.subtract(own, others[k] as Traced)),
    1,
  );
}

const unit = (k: number) => [0, 1, 2].map((i) => (i === k ? 1 : 0));

function rounded(): { model: Model; parameters: Parameters<Tensor<"float32">> } {
  const { model, parameters } = linearModel(rows, [0, 0, 0]);
  const features: Model["features"] = (f, images) =>
    model.features(f, np.divide(np.floor(np.multiply(images, 32)), 32));
  return { model: { ...model, features }, parameters };
}
