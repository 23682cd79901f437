import { seedFor } from "../../src/base/index.ts";
import type { Row } from "../../src/studies/row.ts";
import { type Method, type Trial, trialId } from "../../src/studies/trial.ts";

export interface Numbers {
  readonly source: number;
  readonly robust: number;
  readonly target: number;
  readonly collapsed?: boolean;
}

/** A trial as a quickstart makes them; what a test is about is given, the rest is ordinary. */
export function trialOf(methods: readonly Method[], seed: number, changes: Partial<Trial> = {}): Trial {
  return {
    source: { dataset: "cifar10", train: 8000, validation: 1000, test: 2000 },
    target: { dataset: "mnist", train: 4000, validation: 1000, test: 4000 },
    model: "cnn-small",
    methods: [...methods],
    schedule: {
      epochs: 6,
      batch: 128,
      learningRate: 0.05,
      momentum: 0.9,
      weightDecay: 5e-4,
      milestones: [0.5, 0.75],
      decay: 0.1,
    },
    attack: { norm: "l2", eps: 0.25, steps: 20, stepSize: 0.0625, restarts: 1, examples: 500 },
    transfer: { protocol: "frozen", l2: [1e-4, 1e-3, 1e-2] },
    seed,
    ...changes,
  };
}

/** A row with the given accuracies. Its digests are made up; everything else is a function of the arguments. */
export function rowOf(trial: Trial, { source, robust, target, collapsed = false }: Numbers): Row {
  const id = trialId(trial);
  return {
    trialId: id,
    trial,
    source: {
      trainLoss: { value: 1.1 - source, n: 8000 },
      validationAccuracy: { value: source, n: 1000 },
      accuracy: { value: source, n: 2000 },
      loss: { value: -Math.log(source), n: 2000 },
      collapsed,
    },
    robust: {
      accuracy: { value: robust, n: 500 },
      lastIterateAccuracy: { value: robust, n: 500 },
      loss: { value: -Math.log(robust), n: 500 },
    },
    target: {
      trainLoss: { value: 1.1 - target, n: 4000 },
      validationAccuracy: { value: target, n: 1000 },
      accuracy: { value: target, n: 4000 },
      loss: { value: -Math.log(target), n: 4000 },
    },
    head: { l2: 1e-3, iterations: 42, gradientNorm: 9e-6, converged: true },
    featuresDigest: { before: `f${id}`, after: `f${id}` },
    checkpoint: `c${id}`,
    seconds: { train: 12.5, evaluate: 0.75, attack: 3.25, transfer: 1.5 },
    environment: {
      carryover: "0.1.0",
      node: "24.21.0",
      engine: "onnxruntime 1.30.0",
      device: "cpu",
      platform: "linux x64",
      cpu: "a processor",
    },
    finishedAt: "2026-11-22T12:00:00.000Z",
  };
}

/** A fraction near `centre` that is a count of `n`, reproducible by its address. */
export function near(centre: number, n: number, ...address: readonly (string | number)[]): number {
  const spread = ((seedFor(0, ...address) % 2001) / 1000 - 1) * 0.012;
  return Math.round(Math.min(1, Math.max(0.001, centre + spread)) * n) / n;
}

/** The trend of one method: accuracies of its strongest setting less vanilla's, which weaker settings have a part of. */
export interface Trend {
  readonly kind: string;
  readonly strengths: readonly number[];
  readonly source: number;
  readonly robust: number;
  readonly target: number;
  readonly collapsesAt?: number;
}

/** Vanilla and each trend's strengths at each seed. */
export function sweep(trends: readonly Trend[], seeds: readonly number[], changes: Partial<Trial> = {}): Row[] {
  const vanilla = { source: 0.62, robust: 0.34, target: 0.88 };
  return seeds.flatMap((seed) => {
    const at = (methods: readonly Method[], numbers: Numbers) => {
      const name = methods.map(({ kind, strength }) => `${kind}${strength}`).join();
      return rowOf(trialOf(methods, seed, changes), {
        source: near(numbers.source, 2000, name, seed, "source"),
        robust: near(numbers.robust, 500, name, seed, "robust"),
        target: near(numbers.target, 4000, name, seed, "target"),
        collapsed: numbers.collapsed,
      });
    };
    const others = trends.flatMap(({ kind, strengths, collapsesAt, ...change }) =>
      strengths.map((strength, i) => {
        if (strength === collapsesAt)
          return at([{ kind, strength }], { source: 0.1, robust: 0.1, target: 0.52, collapsed: true });
        const part = (i + 1) / strengths.length;
        return at([{ kind, strength }], {
          source: vanilla.source + part * change.source,
          robust: vanilla.robust + part * change.robust,
          target: vanilla.target + part * change.target,
        });
      }),
    );
    return [at([], vanilla), ...others];
  });
}

/** What the quickstart looks like: four methods at two strengths, two seeds, one setting that collapses. */
export function quickstartRows(): Row[] {
  return sweep(
    [
      { kind: "jr", strengths: [0.01, 0.1], source: -0.04, robust: 0.1, target: 0.03 },
      { kind: "wd", strengths: [0.002, 0.01], source: -0.09, robust: 0.02, target: -0.01, collapsesAt: 0.01 },
      { kind: "blur", strengths: [3, 5], source: -0.1, robust: -0.03, target: -0.02 },
      { kind: "rescale", strengths: [2, 4], source: -0.2, robust: -0.08, target: -0.05 },
    ],
    [0, 1],
  );
}

/** Fifteen methods at three strengths, three seeds. */
export function crowdedRows(): Row[] {
  const trend = (
    kind: string,
    strengths: readonly number[],
    source: number,
    robust: number,
    target: number,
  ): Trend => ({
    kind,
    strengths,
    source,
    robust,
    target,
  });
  return sweep(
    [
      trend("jr", [0.01, 0.1, 1], -0.06, 0.12, 0.03),
      trend("jr-code", [1, 10, 100], -0.03, 0.04, 0.01),
      trend("input-gradient", [0.1, 1, 10], -0.05, 0.09, 0.02),
      trend("wd", [0.001, 0.002, 0.004], -0.1, 0.03, -0.01),
      trend("llr", [0.001, 0.01, 0.1], -0.02, 0.01, 0.005),
      trend("llot", [4, 2, 1], -0.03, -0.01, 0.01),
      trend("spectral", [0.01, 0.1, 1], -0.07, 0.06, 0.01),
      trend("blur", [3, 5, 7], -0.15, -0.06, -0.03),
      trend("rescale", [2, 3, 4], -0.22, -0.1, -0.06),
      trend("noise", [0.05, 0.1, 0.2], -0.08, 0.08, 0.01),
      trend("posterize", [5, 4, 3], -0.05, 0.02, -0.02),
      trend("erase", [0.1, 0.2, 0.4], -0.01, -0.02, -0.01),
      trend("rotation", [15, 30, 45], -0.03, -0.04, -0.02),
      trend("translation", [0.1, 0.2, 0.3], -0.02, -0.03, -0.015),
      trend("at", [0.1, 0.25, 0.5], -0.12, 0.22, 0.04),
    ],
    [0, 1, 2],
  );
}
