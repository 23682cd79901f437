import { choose } from "../../base/index.ts";
import { attackMethods } from "./attack-methods.ts";
import { augmentationMethods } from "./augmentation-methods.ts";
import { type MethodKind, xu2022 } from "./method-kind.ts";
import { penaltyMethods } from "./penalty-methods.ts";

/**
 * Every way of training that a study may sweep, by kind, in the order of legends and tables. A new method is a file among
 * regularizers, augmentations or attacks and one entry here. Nothing is computed with here: reading it is cheap.
 */
export const methodKinds = {
  vanilla: {
    label: "vanilla",
    adds: "nothing",
    unit: "none",
    range: { min: 0, max: 0 },
    stronger: "larger",
    sweep: [],
    options: {},
    formula: "L = mean cross-entropy, with the schedule's weight decay",
    remarks: "Always run: relative transfer is measured against it.",
    citation: xu2022,
    regulariser: false,
    look: { legend: "Vanilla", short: "vanilla", colour: "#000000", shape: "circle" },
  },
  ...penaltyMethods,
  ...augmentationMethods,
  ...attackMethods,
} as const satisfies Record<string, MethodKind>;

/** The kind's entry; an unknown kind is an InputError that lists the known ones. */
export function methodKind(where: string, kind: string): MethodKind {
  return choose<MethodKind>(where, kind, methodKinds);
}

/** Every kind that a study may sweep; vanilla is always run. */
export const sweptKinds: readonly string[] = Object.keys(methodKinds).filter((kind) => kind !== "vanilla");
