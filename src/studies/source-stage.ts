import { removeAbandoned, type Tensor } from "../base/index.ts";
import type { LabelledImages } from "../datasets/index.ts";
import type { CompileOptions } from "../engine/index.ts";
import type { Model, Parameters } from "../models/index.ts";
import { type TrainingStep, train } from "../training/index.ts";
import {
  type Checkpoint,
  type EpochSums,
  emptyEpoch,
  forgetOlder,
  loadFinished,
  loadUnfinished,
  saveFinished,
  saveUnfinished,
} from "./checkpoint.ts";
import type { TrialEvent } from "./row.ts";
import { waysOf } from "./training-ways.ts";
import { sourceStageId, type Trial } from "./trial.ts";

export interface SourceModel {
  readonly parameters: Parameters<Tensor<"float32">>;
  /** Time that the training took, also when another trial did it. */
  readonly seconds: number;
}

export interface SourceStageOptions extends CompileOptions {
  /** Where trained source models are kept, each as its stage's identity + ".safetensors". */
  readonly stagesDir: string;
  /** A training is saved after every epoch, and within a long one so often. */
  readonly secondsBetweenSaves?: number;
  /** The name of a request that wants it trained anew: only what was trained for it is taken. */
  readonly anew?: string | undefined;
}

/**
 * The trained source model of a trial: from the stage's checkpoint when there is one, since one source model serves many
 * targets; else trained, going on from where an earlier attempt was last saved. The state after the last epoch is the
 * model; no epoch is chosen by its accuracy, so there is no best one to keep. An `epoch` event is told once that epoch is
 * on the disk.
 */
export async function* sourceStage(
  trial: Trial,
  model: Model,
  data: LabelledImages,
  { stagesDir, secondsBetweenSaves = 300, anew, ...engine }: SourceStageOptions,
): AsyncGenerator<TrialEvent, SourceModel> {
  const name = { stage: sourceStageId(trial), model: model.name, anew };
  const like = model.init(trial.seed);
  await forgetOlder(stagesDir, name);
  const finished = await loadFinished(stagesDir, name, like);
  yield* notes(finished.notes);
  const done = finished.checkpoint;
  if (done?.state.epochs === trial.schedule.epochs) {
    yield* epochsOf(done);
    return { parameters: done.state.parameters, seconds: done.seconds };
  }
  await removeAbandoned(stagesDir);
  const earlier = await loadUnfinished(stagesDir, name, like);
  yield* notes(earlier.notes);
  const { epochs } = trial.schedule;
  const start = earlier.checkpoint;
  if (start) yield* epochsOf(start);
  const run = train(model, data, trial.schedule, {
    ...engine,
    precision: trial.precision,
    seed: trial.seed,
    ...waysOf(trial.methods, trial.seed),
    start: start?.state,
  });
  const clock = trainingClock(start);
  let saved = 0;
  let steps = 0;
  try {
    for (;;) {
      const next = await run.next();
      if (next.done) {
        const lastEpoch = clock.endEpoch(epochs, epochs);
        const kept = await saveFinished(stagesDir, name, { state: next.value, ...clock.behind() }, like);
        yield lastEpoch;
        return { parameters: kept.state.parameters, seconds: kept.seconds };
      }
      const now = next.value;
      clock.add(now);
      steps++;
      const left = (epochs - now.epoch) * now.steps - now.step - 1;
      yield {
        kind: "step",
        epoch: now.epoch + 1,
        epochs,
        step: now.step + 1,
        steps: now.steps,
        loss: now.loss,
        accuracy: now.accuracy,
        imagesPerSecond: (steps * now.n) / now.seconds,
        secondsLeft: (now.seconds / steps) * left,
      };
      const epochEnds = now.step === now.steps - 1;
      if (left > 0 && (epochEnds || now.seconds - saved >= secondsBetweenSaves)) {
        const ended = epochEnds ? clock.endEpoch(now.epoch + 1, epochs) : undefined;
        await saveUnfinished(stagesDir, name, { state: now.state, ...clock.behind() });
        saved = now.seconds;
        if (ended) yield ended;
      }
    }
  } finally {
    // Frees the graph when the trial is stopped between two steps.
    await run.return({ epochs: 0, parameters: like, velocity: like });
  }
}

function* notes(messages: readonly string[]): Generator<TrialEvent, void> {
  for (const message of messages) yield { kind: "note", message };
}

/** The epochs that an earlier attempt, or another trial of the same source model, has trained: their curve is ours. */
function* epochsOf({ curve }: Checkpoint): Generator<TrialEvent, void> {
  for (const epoch of curve) yield { kind: "epoch", ...epoch };
}

/** The curve, the sums over the epoch under way, and the time behind a training, earlier attempts included. */
function trainingClock(start: Checkpoint | undefined) {
  const before = start?.seconds ?? 0;
  const curve = [...(start?.curve ?? [])];
  let sums: EpochSums = start?.soFar ?? emptyEpoch;
  let seconds = 0;
  return {
    behind: () => ({ seconds: before + seconds, curve, soFar: sums }),
    add({ loss, accuracy, n, seconds: now }: TrainingStep) {
      sums = {
        loss: sums.loss + loss * n,
        right: sums.right + accuracy * n,
        n: sums.n + n,
        seconds: sums.seconds + now - seconds,
      };
      seconds = now;
    },
    /** The event of the epoch that has ended; the next one begins. */
    endEpoch(epoch: number, epochs: number): TrialEvent {
      const { loss, right, n, seconds: took } = sums;
      sums = emptyEpoch;
      const means = { loss: loss / n, accuracy: right / n, n, imagesPerSecond: n / took };
      const ended = { epoch, epochs, ...means, seconds: before + seconds };
      curve.push(ended);
      return { kind: "epoch", ...ended };
    },
  };
}
