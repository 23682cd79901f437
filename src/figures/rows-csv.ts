import { canonicalJson } from "../base/index.ts";
import { latestRows, relativeTransferByTrial } from "../metrics/index.ts";
import { type PredictorName, predictors } from "../metrics/predictors/registry.ts";
import type { Measured, Row } from "../studies/row.ts";
import { methodLabel } from "../studies/trial.ts";
import { familyOf, strengthText } from "./method-style.ts";

type Value = string | number | boolean | undefined;

/**
 * The rows as CSV (RFC 4180), one line a trial, every number in full: what JavaScript reads back is the very number that
 * was measured. Accuracies are fractions, losses nats, times seconds; `dt_accuracy` is empty without a vanilla row.
 * The order of the rows has no influence.
 */
export function rowsCsv(rows: readonly Row[]): string {
  const transfer = relativeTransferByTrial(rows);
  const lines = latestRows(rows)
    .toSorted((a, b) => compare(sortKey(a), sortKey(b)) || compare(a.trialId, b.trialId))
    .map((row) => fieldsOf(row, transfer.get(row.trialId)));
  const [first] = lines;
  if (!first) return "";
  return `${[first.map(([name]) => name), ...lines.map((fields) => fields.map(([, value]) => quote(value)))]
    .map((cells) => cells.join(","))
    .join("\r\n")}\r\n`;
}

const environmentColumns = ["carryover", "commit", "node", "engine", "device", "platform", "cpu"] as const;

const sortKey = ({ trial }: Row) =>
  canonicalJson([trial.source.dataset, trial.target.dataset, trial.model, methodLabel(trial.methods), trial.seed]);

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function fieldsOf(row: Row, dt: number | undefined): (readonly [name: string, value: Value])[] {
  const { trial, source, robust, target, head, featuresDigest, seconds, environment } = row;
  return [
    ["trial_id", row.trialId],
    ["source", trial.source.dataset],
    ["target", trial.target.dataset],
    ["model", trial.model],
    ["methods", methodLabel(trial.methods)],
    ["kinds", familyOf(trial.methods)],
    ["strengths", strengthText(trial.methods)],
    ["seed", trial.seed],
    ["precision", trial.precision ?? "float32"],
    ["dt_accuracy", dt],
    ...measured("source_train_loss", source.trainLoss),
    ...measured("source_validation_accuracy", source.validationAccuracy),
    ...measured("source_accuracy", source.accuracy),
    ...measured("source_loss", source.loss),
    ["source_collapsed", source.collapsed],
    ...measured("robust_accuracy", robust.accuracy),
    ...measured("robust_last_iterate_accuracy", robust.lastIterateAccuracy),
    ...measured("robust_loss", robust.loss),
    ["robust_health", robust.health?.verdict],
    ["robust_health_n", robust.health?.examples],
    ["robust_health_flags", robust.health?.flags.join("; ")],
    ...measured("target_train_loss", target.trainLoss),
    ...measured("target_validation_accuracy", target.validationAccuracy),
    ...measured("target_accuracy", target.accuracy),
    ...measured("target_loss", target.loss),
    ...measured("target_mean_per_class", target.meanPerClass),
    ...measured("target_robust_accuracy", target.robust?.accuracy),
    ...(Object.keys(predictors) as PredictorName[]).flatMap((name) => measured(name, row.predictors?.[name])),
    ["head_l2", head.l2],
    ["head_iterations", head.iterations],
    ["head_gradient_norm", head.gradientNorm],
    ["head_converged", head.converged],
    ["features_digest_before", featuresDigest.before],
    ["features_digest_after", featuresDigest.after],
    ["checkpoint", row.checkpoint],
    ["train_seconds", seconds.train],
    ["evaluate_seconds", seconds.evaluate],
    ["attack_seconds", seconds.attack],
    ["health_seconds", seconds.health],
    ["transfer_seconds", seconds.transfer],
    ["predictors_seconds", seconds.predictors],
    ...environmentColumns.map((part) => [part, environment[part]] as const),
    ["finished_at", row.finishedAt],
    ["trial", canonicalJson(trial)],
  ];
}

const measured = (name: string, of: Measured | undefined): (readonly [string, Value])[] => [
  [name, of?.value],
  [`${name}_n`, of?.n],
];

function quote(value: Value): string {
  const text = value === undefined ? "" : `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
