import { randomStream } from "../../src/base/index.ts";
import { defineStudy, expandStudy, type StudyInput, type Trial } from "../../src/studies/index.ts";
import type { TrialContext } from "../../src/studies/run-trial.ts";
import { idx, newFolder, put } from "../datasets/samples.ts";

/**
 * A folder with small stand-ins for CIFAR-10 (50 train, 30 test) and MNIST (60 train, 40 test), in their own formats:
 * image i is of class i % 10 and has a bright bar in that class's place. Or so many times as many.
 */
export function tinyDataFolder(times = 1): string {
  const folder = newFolder();
  for (let file = 1; file <= 5; file++) put(`${folder}/cifar10/data_batch_${file}.bin`, cifar(10 * times, file));
  put(`${folder}/cifar10/test_batch.bin`, cifar(30 * times, 6));
  for (const [name, n, seed] of [
    ["train", 60 * times, 7],
    ["t10k", 40 * times, 8],
  ] as const) {
    put(`${folder}/mnist/${name}-images-idx3-ubyte`, idx([n, 28, 28], digits(n, seed)));
    put(
      `${folder}/mnist/${name}-labels-idx1-ubyte`,
      idx(
        [n],
        Uint8Array.from({ length: n }, (_, i) => i % 10),
      ),
    );
  }
  return folder;
}

/** A context of its own, so that no trial finds the checkpoints of another test. */
export function tinyContext(dataDir: string): TrialContext {
  return { dataDirs: [dataDir], cacheDir: newFolder(), workDir: newFolder(), device: "cpu", threads: 1 };
}

/** The trials of a study of one or two epochs on the tiny data. */
export function tinyTrials(change: Partial<StudyInput> = {}): Trial[] {
  const study = defineStudy({
    name: "tiny",
    pairs: [
      {
        source: { dataset: "cifar10", train: 32, validation: 10, test: 20 },
        target: { dataset: "mnist", train: 40, validation: 10, test: 30 },
      },
    ],
    model: "small-cnn",
    methods: [],
    schedule: { epochs: 2, batch: 16, learningRate: 0.05 },
    attack: { steps: 2, examples: 10 },
    seeds: 1,
    ...change,
  });
  return expandStudy(study);
}

function cifar(n: number, seed: number): Uint8Array {
  const out = new Uint8Array(n * 3073);
  const stream = randomStream(seed);
  for (let i = 0; i < n; i++) {
    out[i * 3073] = i % 10;
    for (let p = 0; p < 3072; p++) {
      const row = Math.floor(p / 32) % 32;
      out[i * 3073 + 1 + p] = stream.below(100) + (Math.floor(row / 3.2) === i % 10 ? 155 : 0);
    }
  }
  return out;
}

function digits(n: number, seed: number): Uint8Array {
  const stream = randomStream(seed);
  return Uint8Array.from({ length: n * 784 }, (_, at) => {
    const [i, column] = [Math.floor(at / 784), at % 28];
    return stream.below(100) + (Math.floor(column / 2.8) === i % 10 ? 155 : 0);
  });
}
