import { free, mapLeaves, permutation, randomStream, seedFor, type Tensor, tensor } from "../base/index.ts";
import { gatherLabels, type LabelledImages, toFloat } from "../datasets/index.ts";
import { compile, flattenTree, multiStep, type Traced } from "../engine/index.ts";
import { checkImages, emptyBatch, type Model, type Parameters } from "../models/index.ts";
import { attackedBatches } from "./attacked-batches.ts";
import {
  type BatchPlace,
  checkSchedule,
  headConstraintOf,
  type TrainingOptions,
  type TrainingSchedule,
  type TrainingState,
  type TrainingStep,
  weightDecayOf,
} from "./configuration.ts";
import { exported, withConstrainedHead } from "./constrained-head.ts";
import { type Updated, type UpdateInput, update } from "./update.ts";

/**
 * The one training loop: mean cross-entropy + penalties, on augmented and, if so told, adversarial images; SGD with
 * momentum, the learning rate by the share of the run that is done.
 *
 * Each epoch takes the examples in a new random order in whole batches; the last, partial batch is dropped (as PyTorch's
 * loader does with drop_last), so that one compiled graph serves the run and every step weighs the same. Which
 * examples are left out changes from epoch to epoch.
 *
 * It yields every step, with the state after it. All random numbers are addressed by seed, epoch and step: a run resumed
 * from such a state equals an uninterrupted one. It returns the final state, its parameters made ready for `model`:
 * where a penalty constrains the head, the head that was computed with takes the place of the one that was moved, and
 * the run cannot be gone on with from there.
 *
 * Throws InputError on images or schedules that do not fit; an Error that names epoch and step when the loss or the
 * parameters stop being finite; the signal's reason when it is aborted.
 */
export async function* train(
  model: Model,
  data: LabelledImages,
  schedule: TrainingSchedule,
  { seed, penalties = [], attack, augment, frozenLayers, start, signal, ...engine }: TrainingOptions,
): AsyncGenerator<TrainingStep, TrainingState> {
  checkImages("training", model, data);
  checkSchedule(schedule, data.shape[0]);
  const { epochs, batch } = schedule;
  const steps = Math.floor(data.shape[0] / batch);
  const inFloat32 = { ...engine, precision: "float32" } as const;
  const terms = penalties.filter((penalty) => penalty.through === "loss");
  const constraint = headConstraintOf(penalties);
  const constrained = withConstrainedHead(model, constraint);
  const optimiser = {
    momentum: schedule.momentum,
    weightDecay: weightDecayOf(schedule, penalties),
    frozen: frozenLayers,
  };
  const draw = (...address: readonly number[]) =>
    terms.map((term, i) => term.draw(model, batch, randomStream(seedFor(seed, "penalty", term.kind, i, ...address))));
  let state = start ?? freshState(model, seed);
  const { images, labels } = emptyBatch(model, batch);
  const { parameters, velocity } = state;
  const attacks = await attackedBatches(constrained, attack, parameters, batch, engine);
  const drawn = [...draw(0, 0), ...attacks.placed(images, images).given];
  const run = await compile<Updated>(
    (input: UpdateInput<Traced>) => update(constrained, [...terms, ...attacks.terms], optimiser, input),
    [{ parameters, velocity, images, labels, learningRate: scalar(0), drawn }],
    engine,
  );
  const began = performance.now();
  try {
    for (let epoch = state.epochs; epoch < epochs; epoch++) {
      const order = permutation(data.shape[0], randomStream(seedFor(seed, "order", epoch)));
      let { parameters, velocity } = state;
      for (let step = state.steps ?? 0; step < steps; step++) {
        signal?.throwIfAborted();
        const indices = order.slice(step * batch, (step + 1) * batch);
        const examples = trainingBatch(data, { epoch, step, indices, shape: [batch, ...model.inputShape] }, augment);
        const stream = randomStream(seedFor(seed, "inner attack", epoch, step));
        const adversarial = await attacks.attacked(parameters, examples, stream);
        const { images, given } = attacks.placed(examples.images, adversarial);
        const drawn = [...draw(epoch, step), ...given];
        const learningRate = scalar(multiStep(epoch + step / steps, { base: schedule.learningRate, ...schedule }));
        const out = await run({ parameters, velocity, images, labels: examples.labels, learningRate, drawn });
        // The state that was given, and those at the ends of epochs, are somebody else's too.
        if (state !== start && (step > 0 || epoch === 0)) free({ parameters, velocity });
        ({ parameters, velocity } = out);
        const loss = numberOf(out.loss);
        const penalty = numberOf(out.penalty);
        const last = step === steps - 1;
        checkFinite({ loss, penalty, parameters: last ? parameters : undefined }, { epoch, epochs, step, steps });
        state = last
          ? { epochs: epoch + 1, parameters, velocity }
          : { epochs: epoch, steps: step + 1, parameters, velocity };
        const seconds = (performance.now() - began) / 1000;
        const accuracy = numberOf(out.correct) / batch;
        yield { epoch, step, steps, loss, penalty, accuracy, n: batch, seconds, state };
      }
    }
    return { ...state, parameters: await exported(state.parameters, constraint, inFloat32) };
  } finally {
    await run.dispose();
    await attacks.dispose();
  }
}

/** Parameters drawn by the seed, velocity zero. */
function freshState(model: Model, seed: number): TrainingState {
  const parameters = model.init(seed);
  const velocity = mapLeaves(parameters, ({ shape, data }) => tensor("float32", shape, new Float32Array(data.length)));
  return { epochs: 0, parameters, velocity: velocity as Parameters<Tensor<"float32">> };
}

function trainingBatch(data: LabelledImages, place: BatchPlace, augment: TrainingOptions["augment"]) {
  const pixels = toFloat(data, place.indices);
  return {
    images: tensor("float32", place.shape, augment ? augment(pixels, place) : pixels),
    labels: tensor("int32", [place.indices.length], gatherLabels(data, place.indices)),
  };
}

function checkFinite(
  { loss, penalty, parameters }: { loss: number; penalty: number; parameters: Updated["parameters"] | undefined },
  at: { epoch: number; epochs: number; step: number; steps: number },
): void {
  const where = `at epoch ${at.epoch + 1} of ${at.epochs}, step ${at.step + 1} of ${at.steps}`;
  if (!Number.isFinite(loss) || !Number.isFinite(penalty))
    throw new Error(
      `training diverged ${where}: cross-entropy ${loss}, penalties ${penalty}; a smaller learning rate or strength may help`,
    );
  const broken =
    parameters && Object.entries(flattenTree(parameters)).find(([, { data }]) => !data.every(Number.isFinite));
  if (broken) throw new Error(`training diverged ${where}: ${broken[0]} holds values that are not finite`);
}

const scalar = (value: number) => tensor("float32", [], Float32Array.of(value));

const numberOf = ({ data }: Tensor<"float32">): number => data[0] ?? Number.NaN;
