import type { TrialWorkEvent } from "../../queue/index.ts";

import { complain, printJson } from "../output.ts";
import { type Board, boardLines, epochLine, finishedLine, overall, trialLabel, updated } from "./board.ts";
import { type LiveList, liveList } from "./live-list.ts";

/** Tells the user how a run goes. */
export interface Reporter {
  event(event: TrialWorkEvent): void;
  /** A sentence that is not about one trial, with what a program would want to know of it. */
  note(sentence: string, data: { readonly event: string; readonly [key: string]: unknown }): void;
  end(): void;
}

export interface ReporterOptions {
  readonly study: string;
  readonly total: number;
  readonly done: number;
  readonly workers: number;
  readonly severalSettings: boolean;
  /** JSON lines on stdout instead of a list. */
  readonly json: boolean;
}

/** JSON lines on stdout with --json; otherwise, on stderr, a live list where that is a terminal and plain lines where it is not. */
export function createReporter(options: ReporterOptions): Reporter {
  if (options.json) return jsonReporter(options, printJson, 1000);
  return textReporter(options, process.stderr.isTTY);
}

/** Lines that stay, of what happens to a trial. A live list has its epochs under them; a log is told of some. */
function textReporter({ severalSettings, study, total, done, workers }: ReporterOptions, live: boolean): Reporter {
  let board: Board = {
    study,
    total,
    done,
    workers,
    failed: 0,
    startedAtMs: performance.now(),
    running: new Map(),
    took: [],
  };
  const epochs = new Sparsely(30_000);
  const drawn: LiveList = live
    ? liveList(process.stderr, () => boardLines(board, performance.now()))
    : { keep: complain, end: () => {} };
  const { keep } = drawn;
  if (!live) keep(`${study}: ${total} trials, ${done} of them done before, ${workers} at once`);
  return {
    event(event) {
      const { trialId } = event;
      const before = board.running.get(trialId)?.label ?? trialId;
      board = updated(board, event, performance.now(), severalSettings);
      const label = `  ${board.running.get(trialId)?.label ?? before}`;
      if (event.kind === "started" && !live) keep(`${label}: started`);
      if (event.kind === "finished") keep(finishedLine(label, event.row));
      if (event.kind === "failed") keep(`${label}: failed: ${event.failure.message}`);
      if (event.kind === "stopped") keep(`${label}: ${event.message}`);
      if (event.kind === "event" && event.event.kind === "note") keep(`${label}: ${event.event.message}`);
      if (event.kind === "event" && event.event.kind === "epoch" && !live && epochs.isTimeFor(trialId))
        keep(epochLine(label, event.event));
      if (event.kind === "again") keep(`${label}: ${event.message}; attempt ${event.attempt} follows`);
      if ((event.kind === "finished" || event.kind === "failed") && !live) keep(overall(board, performance.now()));
    },
    note: (sentence) => keep(sentence),
    end: () => drawn.end(),
  };
}

/** Lets a trial speak at most once in `everyMs`. */
class Sparsely {
  readonly #everyMs: number;
  readonly #toldAtMs = new Map<string, number>();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  isTimeFor(trialId: string): boolean {
    const now = performance.now();
    if (now - (this.#toldAtMs.get(trialId) ?? Number.NEGATIVE_INFINITY) < this.#everyMs) return false;
    this.#toldAtMs.set(trialId, now);
    return true;
  }
}

/** Steps and progress of a trial are told at most once in `everyMs`, all else at once. */
function jsonReporter(
  { severalSettings, study, total, done, workers }: ReporterOptions,
  write: (value: unknown) => void,
  everyMs: number,
): Reporter {
  const labels = new Map<string, string>();
  const steps = new Sparsely(everyMs);
  let finished = done;
  write({ event: "run", study, trials: total, finished, workers });
  return {
    event(event) {
      const { trialId } = event;
      if (event.kind === "started") labels.set(trialId, trialLabel(event.trial, severalSettings));
      const trial = { trialId, label: labels.get(trialId) };
      switch (event.kind) {
        case "started":
          return write({ event: "started", ...trial, attempt: event.attempt, pid: event.pid });
        case "again":
          return write({ event: "again", ...trial, attempt: event.attempt, message: event.message });
        case "stopped":
          return write({ event: "stopped", ...trial, message: event.message });
        case "finished":
          finished++;
          return write({ event: "finished", ...trial, done: finished, of: total, row: event.row });
        case "failed":
          return write({ event: "failed", ...trial, message: event.failure.message, detail: event.failure.detail });
        case "event": {
          const { kind, ...rest } = event.event;
          if ((kind === "step" || kind === "progress") && !steps.isTimeFor(trialId)) return;
          return write({ event: kind, ...trial, ...rest });
        }
      }
    },
    note: (sentence, data) => write({ ...data, message: sentence }),
    end() {},
  };
}
