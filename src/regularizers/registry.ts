import { InputError, unknownName } from "../base/index.ts";
import { jacobianPenalty } from "./jacobian.ts";
import type { Penalty, PenaltyOptions } from "./penalty.ts";
import { weightDecayPenalty } from "./weight-decay.ts";

/** Every regulariser by its kind: strength and options in, penalty out. */
export const penalties: Readonly<Record<string, (strength: number, options?: PenaltyOptions) => Penalty>> = {
  jr: (strength, options = {}) => {
    onlyKnown("jr", options, ["projections"]);
    const { projections } = options;
    if (projections !== undefined && typeof projections !== "number")
      throw new InputError(`jr: projections: expected a number, got ${JSON.stringify(projections)}`);
    return jacobianPenalty(strength, { projections });
  },
  wd: (strength, options = {}) => {
    onlyKnown("wd", options, []);
    return weightDecayPenalty(strength);
  },
};

function onlyKnown(kind: string, options: PenaltyOptions, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (known.length === 0) throw new InputError(`${kind}: expected no options, got "${key}"`);
    if (!known.includes(key)) throw unknownName(`${kind}: option`, key, known);
  }
}
