import { InputError } from "../base/index.ts";
import { type Head, type LabelledFeatures, softmaxRegression, standardisation } from "../transfer/index.ts";
import { type BestHead, bestHead, headNorm } from "./best-head.ts";
import { type RademacherEstimate, rademacherEstimate } from "./rademacher.ts";

/** Nats by which float64 may round sums of losses, where the theory has equality. */
const rounding = 1e-12;

/** A trained source model on samples of both domains. */
export interface FamilyMember {
  readonly id: string;
  readonly source: LabelledFeatures;
  readonly target: LabelledFeatures;
  /** Its own head, on raw features. */
  readonly head: Head;
}

/** What the theory says of one model, in nats on the samples. */
export interface TheoryPoint {
  readonly id: string;
  /** The source model's own loss on the source sample. */
  readonly sourceLoss: number;
  readonly bestSource: Pick<BestHead, "loss" | "gap">;
  readonly bestTarget: Pick<BestHead, "loss" | "gap">;
  /** Relative transferability loss: bestTarget less sourceLoss, exact up to bestTarget's gap. */
  readonly tau: number;
  /** |bestSource - bestTarget|, which d is the largest of; exact up to the larger gap. */
  readonly difference: number;
  /** d - tau: at least minus the gaps, or the theory (or the code) is wrong. */
  readonly slack: number;
  /** Whether tau <= d as far as the gaps let one see. */
  readonly holds: boolean;
}

export interface TheoryBound {
  readonly points: readonly TheoryPoint[];
  /** Largest difference over the family: a lower estimate of d_{G,F}. */
  readonly d: number;
  readonly maximiser: string;
  /** G: heads with ||(W, b)||_F at most this on features standardised on the source sample; every source head is one. */
  readonly radius: number;
  readonly n: { readonly source: number; readonly target: number };
  readonly sample: SampleTerms;
}

/**
 * How far d of the domains may lie from d of the samples: what would have to be added to bound it with the confidence, for a
 * finite family and heads' coordinates that were fixed before the samples were drawn. For models that were trained on the
 * source sample it is a size to compare d with, and no bound.
 */
export interface SampleTerms {
  readonly confidence: number;
  readonly source: RademacherEstimate & { readonly term: number };
  readonly target: RademacherEstimate & { readonly term: number };
  /** Both terms together. */
  readonly total: number;
}

/**
 * tau of each model, d over the family and the bound tau <= d on the samples, where it holds for each model as
 * l_S(g_S . f) >= inf_g l_S(g . f) (Xu et al. 2022, with G bounded so that every infimum is attained). Each domain has its own
 * number of classes, and G heads of as many outputs: a source head can be in G only then.
 *
 * F is the family itself, each extractor with its features standardised on the source sample: f~ = (f - mean) / deviation.
 */
export function* theoryBound(
  family: readonly FamilyMember[],
  { classes, seed = 0, confidence = 0.95, gap = 1e-2 }: TheoryOptions,
): Generator<{ readonly done: number; readonly of: number }, TheoryBound> {
  const [first] = family;
  if (!first) throw new InputError("theory: expected at least one trained model, got none");
  const placed = family.map((member) => ({ ...member, coordinates: standardisation(member.source) }));
  const radius = Math.max(...placed.map(({ head, coordinates }) => headNorm(head, coordinates)));
  const solved = [];
  for (const { id, source, target, head, coordinates } of placed) {
    const bestSource = bestHead(source, coordinates, { classes: classes.source, radius, gap });
    const bestTarget = bestHead(target, coordinates, { classes: classes.target, radius, gap });
    solved.push({ id, sourceLoss: softmaxRegression(source, head).loss, bestSource, bestTarget });
    yield { done: solved.length, of: family.length };
  }
  const differences = solved.map(({ bestSource, bestTarget }) => Math.abs(bestSource.loss - bestTarget.loss));
  const d = Math.max(...differences);
  const points = solved.map(({ id, sourceLoss, bestSource, bestTarget }, i) => {
    const tau = bestTarget.loss - sourceLoss;
    return {
      id,
      sourceLoss,
      bestSource: { loss: bestSource.loss, gap: bestSource.gap },
      bestTarget: { loss: bestTarget.loss, gap: bestTarget.gap },
      tau,
      difference: differences[i] as number,
      slack: d - tau,
      holds: tau <= d + bestSource.gap + bestTarget.gap + rounding,
    };
  });
  const side = (name: "source" | "target") => {
    const features = placed.map((member) => ({ data: member[name], coordinates: member.coordinates }));
    const failure = (1 - confidence) / 8;
    const estimate = rademacherEstimate(features, { classes: classes[name], radius, seed, failure });
    const n = first[name].labels.length;
    // Three McDiarmid terms: of the deviation, and of the complexity's expectation, which counts twice.
    const deviations = 3 * estimate.lossRange * Math.sqrt(Math.log(1 / failure) / (2 * n));
    return { ...estimate, term: 2 * (estimate.value + estimate.monteCarlo) + deviations };
  };
  const [source, target] = [side("source"), side("target")];
  return {
    points,
    d,
    maximiser: points[differences.indexOf(d)]?.id ?? "",
    radius,
    n: { source: first.source.labels.length, target: first.target.labels.length },
    sample: { confidence, source, target, total: source.term + target.term },
  };
}

export interface TheoryOptions {
  readonly classes: { readonly source: number; readonly target: number };
  readonly seed?: number;
  /** Of the finite-sample terms together. */
  readonly confidence?: number;
  /** Nats to which each head problem is solved. */
  readonly gap?: number;
}
