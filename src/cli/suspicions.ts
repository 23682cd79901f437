import type { TransferPoint } from "../metrics/index.ts";
import type { TrialFailure } from "../queue/index.ts";
import { methodLabel, type Row, type Trial } from "../studies/index.ts";
import { trialLabel } from "./progress/board.ts";

/** What a reader must know before trusting a study's numbers, as sentences; empty when nothing is wrong. */
export function suspicions(
  rows: readonly Row[],
  points: readonly TransferPoint<Trial>[],
  failures: readonly TrialFailure[],
): string[] {
  const several = new Set(rows.map(({ trial }) => `${trial.source.dataset} ${trial.target.dataset}`)).size > 1;
  const label = (trial: Trial) => trialLabel(trial, several);
  return [
    ...failures.map(({ trial, message, attempts }) => {
      const tries = attempts > 1 ? ` ${attempts} times` : "";
      return `${label(trial)} failed${tries}: ${message}`;
    }),
    ...points.flatMap(({ methods, notes }) => notes.map((note) => `${methodLabel(methods)}: ${note}`)),
    // Fine-tuning takes steps by its schedule; only a head that is fitted can fail to converge.
    ...rows
      .filter(({ trial, head }) => !head.converged && fitsHead(trial))
      .map(({ trial, head }) => {
        const { iterations, gradientNorm } = head;
        return `${label(trial)}: the head had not converged after ${iterations} iterations (largest gradient component ${gradientNorm.toExponential(1)})`;
      }),
    ...rows
      .filter(
        ({ trial, featuresDigest: { before, after } }) => trial.transfer.protocol === "frozen" && before !== after,
      )
      .map(({ trial }) => `${label(trial)}: the features changed while the head was fitted, though they are frozen`),
  ];
}

const fitsHead = ({ transfer: { protocol } }: Trial): boolean => protocol === "frozen" || protocol === "few-shot";
