import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { tensor } from "../../src/base/index.ts";
import { bytesOf } from "../../src/datasets/index.ts";
import { askFor, liveJobs, openQueue, work } from "../../src/queue/index.ts";
import { openStore, type Store } from "../../src/store/index.ts";
import { defineStudy, expandStudy, methodLabel, type Row } from "../../src/studies/index.ts";
import { peakMbOf } from "../memory.ts";
import type { Line, Parts } from "./line.ts";
import { initialParameters } from "./shared-inputs.ts";
import { type Domains, studyDomains, writeDomains } from "./study-data.ts";

const workers = 2;
const transferEpochs = 40;
const sizes = { train: 1280, epochs: 5, attacked: 128, target: 384 };

/** How large the paper's own run of each stage is: CIFAR-10 for 200 epochs, its test set attacked, SVHN as target. */
const paper = { train: 50_000, epochs: 200, attacked: 10_000, target: 73_257 };

/** How many epochs of each stage the PyTorch side runs. */
const epochsRun = { train: 1, transfer: 2 };

const study = defineStudy({
  name: "benchmark",
  pairs: [
    {
      source: { dataset: "cifar10", train: sizes.train, validation: 128, test: sizes.attacked },
      target: { dataset: "mnist", train: sizes.target, validation: 128, test: 128 },
    },
  ],
  model: "cifar-cnn",
  methods: ["jr", "wd", "blur", "rescale"],
  strengths: { jr: [0.01, 0.1], wd: [0.005], blur: [5], rescale: [2] },
  schedule: { epochs: sizes.epochs, learningRate: 0.01 },
  // PyTorch's side examines no attack and attacks no target.
  attack: { health: false, target: 0 },
  seeds: 1,
});
const trials = expandStudy(study);

const domains = (): Domains =>
  studyDomains({ train: sizes.train + 128, test: sizes.attacked, target: sizes.target + 128 });

/**
 * A unit is a whole study: vanilla and five other trials, each trained, evaluated, attacked and transferred. Ours runs
 * whole, as `carryover run` does it: from the first worker started to the last row, data read, checkpoints written, into a
 * store that is there. The paper's way is one trial after the other, all threads, its own 40 epochs of transfer.
 */
export const studyLine: Line = {
  kind: "alternate",
  name: "study",
  title: `study of ${trials.length} trials: ${sizes.train} images, ${sizes.epochs} epochs, ${sizes.attacked} attacked, ${sizes.target} target images`,
  note:
    `Ours: ${workers} one-thread workers, everything run, the predictors of transfer too, which PyTorch's side has not. ` +
    `PyTorch's side runs ${epochsRun.train} of ${sizes.epochs} epochs of training ` +
    `and ${epochsRun.transfer} of the paper's ${transferEpochs} of transfer and counts them for all: each does the same work. ` +
    "ratioAtPaperSizes is the ratio with every stage's time scaled to the paper's own sizes.",
  settings: {
    model: study.model,
    batch: study.schedule.batch,
    learningRate: study.schedule.learningRate,
    momentum: study.schedule.momentum,
    weightDecay: study.schedule.weightDecay,
    eps: study.attack.eps,
    steps: study.attack.steps,
    stepSize: study.attack.eps / 4,
    epochs: sizes.epochs,
    transferEpochs,
    trainEpochsRun: epochsRun.train,
    transferEpochsRun: epochsRun.transfer,
    methods: trials.map(({ methods }) => methodLabel(methods)),
  },
  pace: { warmUp: 0, unitsPerTurn: 1, mostRounds: 1 },
  inputs: async () => {
    const { train, test, target } = domains();
    const parts = {
      source: [train, sizes.train],
      test: [test, sizes.attacked],
      target: [target, sizes.target],
    } as const;
    const tensors = Object.entries(parts).flatMap(([name, [images, n]]) => [
      [`${name}.images`, tensor("uint8", [n, 3, 32, 32], bytesOf(images).slice(0, n * 3072))] as const,
      [`${name}.labels`, tensor("int32", [n], images.labels.slice(0, n))] as const,
    ]);
    return { ...initialParameters(study.model), ...Object.fromEntries(tensors) };
  },
  async work({ folder }) {
    const dataDir = join(folder, "study-data");
    await writeDomains(dataDir, domains());
    let peak: number | undefined;
    let place: { readonly workDir: string; readonly store: Store } | undefined;
    return {
      childrenPeakMb: () => peak,
      async ready() {
        // A fresh one, or the second unit would find the first one's checkpoints.
        const workDir = await mkdtemp(join(folder, "study-"));
        place = { workDir, store: await openStore(join(workDir, "store")) };
      },
      async run() {
        if (place === undefined) throw new Error("study: not ready");
        const { workDir, store } = place;
        const runner = new URL("../../src/studies/run-trial.ts", import.meta.url).href;
        const context = { dataDirs: [dataDir], cacheDir: workDir, workDir, device: "cpu", threads: 1 };
        const rows: Row[] = [];
        const pids = new Set<number>();
        const queue = await openQueue(store.database, { shared: false });
        try {
          await store.saveStudy({ name: study.name, definition: null, trials });
          await askFor(queue, study.name);
          const finished = async () => (await liveJobs(store.database, study.name)) === 0;
          for await (const event of work({ store, queue, slots: workers, runner, context, finished })) {
            if (event.kind === "started" && event.pid !== undefined) pids.add(event.pid);
            if (event.kind === "failed") throw new Error(`study: ${event.failure.message}\n${event.failure.detail}`);
            if (event.kind !== "finished") continue;
            rows.push(event.row);
            for (const pid of pids) peak = Math.max(peak ?? 0, peakMbOf(pid) ?? 0);
          }
        } finally {
          await queue.close();
          await store.close();
        }
        return { parts: stageTimes(rows) };
      },
    };
  },
  remark: ({ ours, pytorch }) => ({
    ratioAtPaperSizes: atPaperSizes(ours) / atPaperSizes(pytorch),
  }),
};

/** Milliseconds that each stage adds to the whole: the workers' times divided among them. */
function stageTimes(rows: readonly Row[]): Parts {
  const of = (stage: keyof Row["seconds"]) =>
    (1000 * rows.reduce((sum, { seconds }) => sum + (seconds[stage] ?? 0), 0)) / workers;
  return {
    trainMs: of("train"),
    evaluateMs: of("evaluate"),
    attackMs: of("attack"),
    transferMs: of("transfer"),
    predictorsMs: of("predictors"),
  };
}

/** The stages' times, each multiplied by how much larger the paper's stage is; evaluation is left out on both sides. */
function atPaperSizes({ trainMs = 0, attackMs = 0, transferMs = 0 }: Parts): number {
  const training = (paper.train * paper.epochs) / (sizes.train * sizes.epochs);
  return trainMs * training + attackMs * (paper.attacked / sizes.attacked) + transferMs * (paper.target / sizes.target);
}
