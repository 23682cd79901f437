import { InputError, unknownName } from "../base/index.ts";
import { inputGradientPenalty } from "./input-gradient.ts";
import { jacobianPenalty } from "./jacobian.ts";
import { jacobianCodePenalty } from "./jacobian-code.ts";
import { lastLayerNormPenalty } from "./last-layer-norm.ts";
import { orthogonalLastLayer } from "./orthogonal-last-layer.ts";
import type { Penalty, PenaltyOptions } from "./penalty.ts";
import { spectralNormPenalty } from "./spectral-norm.ts";
import { weightDecayPenalty } from "./weight-decay.ts";

/** Every regulariser by its kind: strength and options in, penalty out. A new one is a file here and an entry. */
export const penalties: Readonly<Record<string, (strength: number, options?: PenaltyOptions) => Penalty>> = {
  jr: (strength, options) => jacobianPenalty(strength, numbers("jr", options, ["projections"])),
  "jr-code": withoutOptions("jr-code", jacobianCodePenalty),
  "input-gradient": withoutOptions("input-gradient", inputGradientPenalty),
  wd: withoutOptions("wd", weightDecayPenalty),
  llr: withoutOptions("llr", lastLayerNormPenalty),
  llot: (strength, options) => orthogonalLastLayer(strength, numbers("llot", options, ["iterations"])),
  spectral: (strength, options) => spectralNormPenalty(strength, numbers("spectral", options, ["iterations"])),
};

function withoutOptions(kind: string, create: (strength: number) => Penalty) {
  return (strength: number, options: PenaltyOptions = {}): Penalty => {
    const [name] = Object.keys(options);
    if (name !== undefined) throw new InputError(`${kind}: expected no options, got "${name}"`);
    return create(strength);
  };
}

/** The options, all of which must be numbers of a known name. */
function numbers<Name extends string>(
  kind: string,
  options: PenaltyOptions = {},
  known: readonly Name[],
): Partial<Record<Name, number>> {
  for (const [name, value] of Object.entries(options)) {
    if (!known.some((each) => each === name)) throw unknownName(`${kind}: option`, name, known);
    if (typeof value !== "number")
      throw new InputError(`${kind}: ${name}: expected a number, got ${JSON.stringify(value)}`);
  }
  return options as Partial<Record<Name, number>>;
}
