import { innerAttacks } from "../attacks/index.ts";
import { augment, baseAugmentation } from "../augmentations/index.ts";
import { choose, InputError, randomStream, seedFor } from "../base/index.ts";
import { penalties } from "../regularizers/index.ts";
import type { BatchPlace, TrainingOptions } from "../training/index.ts";
import { type MethodKind, methodKind } from "./methods/index.ts";
import type { Method } from "./trial.ts";

/**
 * What a trial's methods make of training: penalties, an inner attack, and the augmentation of its batches. Images are
 * augmented first, then attacked; penalties see what the model is trained on.
 */
export function waysOf(
  methods: readonly Method[],
  seed: number,
): Pick<TrainingOptions, "penalties" | "attack" | "augment"> {
  const [attack, another] = thatAdd(methods, "inner attack");
  if (another)
    throw new InputError(`training: expected at most one inner attack, got ${attack?.kind} and ${another.kind}`);
  return {
    penalties: thatAdd(methods, "penalty", "weight decay", "constraint").map(({ kind, strength, options }) =>
      choose("method", kind, penalties)(strength, options),
    ),
    attack: attack && choose("method", attack.kind, innerAttacks)(attack.strength, attack.options),
    augment: augmentationOf(methods, seed),
  };
}

/** The base augmentation, then the methods' own in their order, each with a stream of its own for every batch. */
function augmentationOf(methods: readonly Method[], seed: number) {
  const own = thatAdd(methods, "augmentation");
  return (images: Float32Array, { epoch, step, shape }: BatchPlace): Float32Array => {
    const stream = (name: string) => randomStream(seedFor(seed, "augment", name, epoch, step));
    return own.reduce(
      (changed, { kind, strength, options }) => augment(kind, changed, shape, strength, stream(kind), options),
      baseAugmentation(images, shape, stream("base")),
    );
  };
}

/** The methods that act in one of these places, in their order. */
export function thatAdd(methods: readonly Method[], ...what: readonly MethodKind["adds"][]): Method[] {
  return methods.filter(({ kind }) => what.includes(methodKind("method", kind).adds));
}
