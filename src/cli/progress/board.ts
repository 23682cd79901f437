import type { TrialWorkEvent } from "../../queue/index.ts";
import { methodLabel, type Row, type Trial, type TrialEvent } from "../../studies/index.ts";
import { transferText } from "../../studies/trial.ts";
import { durationText, percentText } from "../output.ts";

/** What is known of a run while it goes: enough to draw it. */
export interface Board {
  readonly study: string;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly workers: number;
  readonly startedAtMs: number;
  readonly running: ReadonlyMap<string, RunningTrial>;
  /** Seconds that each trial of this run took. */
  readonly took: readonly number[];
}

interface RunningTrial {
  readonly label: string;
  readonly startedAtMs: number;
  readonly stage: string;
  readonly last: TrialEvent | undefined;
}

/** "seed 0 jr 0.01", with the setting when a study has several. */
export function trialLabel(trial: Trial, severalSettings = false): string {
  const setting = severalSettings ? `${settingLabel(trial)} ` : "";
  return `${setting}seed ${trial.seed} ${methodLabel(trial.methods)}`;
}

/** "cifar10 -> mnist", "cifar10 -> 400 of mnist, last 3 blocks fine-tuned": what a study may have as an axis. */
function settingLabel({ source, target, transfer }: Trial): string {
  const images = target.train === null ? "" : `${target.train} of `;
  const way = transfer.protocol === "frozen" ? "" : `, ${transferText(transfer)},`;
  return `${source.dataset} -> ${images}${target.dataset}${way}`;
}

/** The board after an event. */
export function updated(board: Board, event: TrialWorkEvent, nowMs: number, severalSettings = false): Board {
  const running = new Map(board.running);
  const before = running.get(event.trialId);
  switch (event.kind) {
    case "started":
      running.set(event.trialId, {
        label: trialLabel(event.trial, severalSettings),
        startedAtMs: nowMs,
        stage: "starting",
        last: undefined,
      });
      return { ...board, running };
    case "event":
      if (before && event.event.kind !== "epoch" && event.event.kind !== "note")
        running.set(event.trialId, { ...before, stage: stageOf(event.event), last: event.event });
      return { ...board, running };
    case "again":
    case "stopped":
      running.delete(event.trialId);
      return { ...board, running };
    case "finished":
    case "failed":
      running.delete(event.trialId);
      return {
        ...board,
        running,
        done: board.done + (event.kind === "finished" ? 1 : 0),
        failed: board.failed + (event.kind === "failed" ? 1 : 0),
        took: before ? [...board.took, (nowMs - before.startedAtMs) / 1000] : board.took,
      };
  }
}

/** One line a running trial and one for the whole. */
export function boardLines(board: Board, nowMs: number): string[] {
  const trials = [...board.running.values()];
  const width = Math.max(0, ...trials.map(({ label }) => label.length));
  return [
    ...trials.map(({ label, stage, last }) =>
      `  ${label.padEnd(width)}  ${stage.padEnd(8)}  ${detail(last)}`.trimEnd(),
    ),
    overall(board, nowMs),
  ];
}

/** What a log says of an epoch. */
export function epochLine(
  label: string,
  { epoch, epochs, loss, accuracy, imagesPerSecond }: Extract<TrialEvent, { kind: "epoch" }>,
): string {
  return `${label}: epoch ${epoch}/${epochs}, loss ${loss.toFixed(3)}, acc ${percentText(accuracy)}, ${Math.round(imagesPerSecond)} images/s`;
}

/** What stays on the screen of a finished trial. */
export function finishedLine(label: string, { source, robust, target, seconds }: Row): string {
  const total = seconds.train + seconds.evaluate + seconds.attack + seconds.transfer;
  return `${label}: source ${percentText(source.accuracy.value)}, robust ${percentText(robust.accuracy.value)}, target ${percentText(target.accuracy.value)}, ${durationText(total)}`;
}

/** Seconds left, from the trials that this run has finished; undefined before the first. */
export function secondsLeft({ took, total, done, failed, workers, running }: Board, nowMs: number): number | undefined {
  if (took.length === 0) return undefined;
  const mean = took.reduce((sum, seconds) => sum + seconds, 0) / took.length;
  const spent = [...running.values()].map(({ startedAtMs }) => Math.min(mean, (nowMs - startedAtMs) / 1000));
  const work = (total - done - failed) * mean - spent.reduce((sum, seconds) => sum + seconds, 0);
  return Math.max(0, work / Math.max(1, Math.min(workers, total - done - failed)));
}

/** How far the whole is. */
export function overall(board: Board, nowMs: number): string {
  const left = secondsLeft(board, nowMs);
  return [
    `${board.study}: ${board.done} of ${board.total} trials done`,
    ...(board.failed > 0 ? [`${board.failed} failed`] : []),
    `${durationText((nowMs - board.startedAtMs) / 1000)} elapsed`,
    ...(left === undefined ? [] : [`about ${durationText(left)} left`]),
  ].join(", ");
}

function stageOf(event: Exclude<TrialEvent, { kind: "epoch" | "note" }>): string {
  return event.kind === "step" ? "train" : event.stage;
}

function detail(event: TrialEvent | undefined): string {
  if (event?.kind === "progress") return `${event.done}/${event.of}`;
  if (event?.kind !== "step") return "";
  const { epoch, epochs, loss, accuracy, imagesPerSecond, secondsLeft: left } = event;
  return [
    `epoch ${epoch}/${epochs}`,
    `${durationText(left)} left`, // First, for a narrow terminal cuts what comes last.
    `loss ${loss.toFixed(3)}`,
    `acc ${percentText(accuracy)}`,
    `${Math.round(imagesPerSecond)} images/s`,
  ].join("  ");
}
