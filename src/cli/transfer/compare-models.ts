import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { InputError, identity, type Report, reportMarkdown, reportPage, writeWhole } from "../../base/index.ts";
import { testSubset } from "../../datasets/index.ts";
import {
  type Measured,
  type PredictorName,
  type Ranking,
  rankCandidates,
  targetPredictors,
} from "../../metrics/index.ts";
import { predictors } from "../../metrics/predictors/registry.ts";
import { featureRows } from "../../transfer/index.ts";
import { progressLine } from "../attack/progress-line.ts";
import type { CompareRequest } from "../commands/transfer.ts";
import { columns, percentText, print, printJson } from "../output.ts";
import { type Candidate, candidateFrom } from "./candidate.ts";
import { accuracyOf, type Draws } from "./estimates.ts";
import { featuresOf } from "./measure.ts";
import { frozen } from "./protocols.ts";
import { estimateText } from "./report.ts";
import { loadTarget, type Target } from "./target.ts";

const resamples = 2000;

/** One candidate on the target, frozen. */
interface Entry {
  readonly candidate: Candidate;
  readonly draws: Draws;
  readonly predictors: Partial<Record<PredictorName, Measured>>;
}

/** Several models on one target, each frozen with a head of its own, ranked with the confidence in the ranking. */
export async function compareModels(paths: readonly string[], request: CompareRequest): Promise<void> {
  if (paths.length < 2) throw new InputError(`compare: expected two or more models, got ${paths.length}`);
  const twice = paths.find((path, i) => paths.indexOf(path) < i);
  if (twice !== undefined) throw new InputError(`compare: expected each model once, got ${twice} twice`);
  const candidates = [];
  for (const path of paths) candidates.push(await candidateFrom(path, request));
  const line = progressLine();
  try {
    const entries: Entry[] = [];
    let target: Target | undefined;
    for (const candidate of candidates) {
      target = await loadTarget(request, candidate.side);
      entries.push(await line.follow(entryOf(candidate, target, request)));
    }
    if (!target) throw new Error("compare: no target");
    const ranking = rankCandidates(
      entries.flatMap(({ draws }) => draws),
      { seed: request.seed, resamples },
    );
    const facts = factsOf(entries, ranking, target, request);
    const outDir = request.out ?? join("results", `compare-${target.name}-${identity([...paths]).slice(0, 8)}`);
    const report = reportOf(facts);
    const files: string[] = [];
    for (const [name, text] of [
      ["compare.json", `${JSON.stringify(facts, undefined, 2)}\n`],
      ["report.md", reportMarkdown(report)],
      ["report.html", reportPage(report, "compare")],
    ] as const) {
      await writeWhole(join(outDir, name), Buffer.from(text));
      files.push(join(outDir, name));
    }
    line.end();
    if (request.json) printJson({ ...facts, files });
    else {
      print(report.title);
      for (const { title, header, lines } of report.tables) print(`\n${title}\n${columns(header, lines)}`);
      for (const note of report.tables.flatMap(({ notes }) => notes)) print(note);
      for (const file of files) print(file);
    }
  } finally {
    line.end();
  }
}

async function* entryOf(
  candidate: Candidate,
  target: Target,
  { device, seed }: CompareRequest,
): AsyncGenerator<string, Entry> {
  const features = yield* featuresOf(candidate, target, { device, threads: availableParallelism() });
  const { classes } = target.test;
  const { draws } = yield* frozen(features, classes.length, undefined);
  const seen = testSubset(features.train.labels, { test: Math.min(500, target.train.shape[0]), seed });
  const found = targetPredictors(featureRows(features.train, seen), classes.length, candidate.head);
  return { candidate, draws, predictors: found };
}

type Facts = ReturnType<typeof factsOf>;

function factsOf(entries: readonly Entry[], { order, better }: Ranking, target: Target, { seed }: CompareRequest) {
  const ranked = order.map(({ candidate: at, best }) => {
    const entry = entries[at] as Entry;
    const { path, name, side, digest, notes } = entry.candidate;
    return {
      file: path,
      model: name,
      checkpoint: digest,
      side,
      accuracy: accuracyOf(entry.draws),
      probabilityBest: best,
      predictors: entry.predictors,
      notes,
    };
  });
  return {
    target: {
      name: target.name,
      digest: target.digest,
      classes: target.test.classes,
      train: target.train.shape[0],
      validation: target.validation.shape[0],
      test: target.test.shape[0],
    },
    protocol: "frozen",
    seed,
    resamples,
    ranked,
    /** Row i, column j: share of the resamples in which the i-th of the ranking beats the j-th; ties count half. */
    better: order.map((mine) => order.map((other) => better[mine.candidate]?.[other.candidate] ?? 0.5)),
    notes: target.notes,
  };
}

/** The files' names without their folders, where these tell them apart. */
function shortNames(paths: readonly string[]): readonly string[] {
  const short = paths.map((path) => basename(path));
  return new Set(short).size === paths.length ? short : paths;
}

/** The ranking as it is printed and written. */
export function reportOf({ target, ranked, better, notes }: Facts): Report {
  const names = shortNames(ranked.map(({ file }) => file));
  const nameOf = (i: number) => names[i] ?? "";
  const sure = ranked[0]?.probabilityBest ?? 0;
  const known = Object.keys(predictors).filter((name) => ranked.some((each) => name in each.predictors));
  return {
    title: `${ranked.length} models on ${target.name}, frozen features`,
    tables: [
      {
        title: "Ranking",
        header: ["rank", "model", "architecture", "accuracy, 95 % interval", "probability best"],
        lines: ranked.map(({ model, side, accuracy, probabilityBest }, i) => [
          `${i + 1}`,
          nameOf(i),
          `${model} at ${side} px`,
          estimateText(accuracy),
          percentText(probabilityBest),
        ]),
        notes: [
          `${nameOf(0)} is the best of all in ${percentText(sure)} of ${resamples} resamples; ${sure >= 0.95 ? "the first place is clear" : "the first place is not settled by these test images"}.`,
          `Probabilities: ${target.test} test images drawn anew, the same for all models; intervals: ${ranked[0]?.accuracy.interval}. This is the noise of the test images alone, not that of the ${target.train} training images.`,
          ...ranked.flatMap(({ notes }, i) => notes.map((note) => `${nameOf(i)}: ${note}.`)),
          ...notes.slice(1),
        ],
      },
      {
        title: "Probability that the row beats the column",
        header: ["", ...names],
        lines: better.map((row, i) => [names[i] ?? "", ...row.map((share, j) => (i === j ? "-" : percentText(share)))]),
        notes: [],
      },
      {
        title: "Predictors of transfer",
        header: ["model", ...known.map((name) => predictors[name as PredictorName].label)],
        lines: ranked.map(({ predictors: found }, i) => [
          nameOf(i),
          ...known.map((name) => found[name as PredictorName]?.value.toPrecision(4) ?? "-"),
        ]),
        notes: [],
      },
    ],
  };
}
