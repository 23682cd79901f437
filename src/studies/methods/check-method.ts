import { innerAttacks } from "../../attacks/index.ts";
import { checkOptions, checkStrength } from "../../augmentations/index.ts";
import { choose, InputError } from "../../base/index.ts";
import { penalties } from "../../regularizers/index.ts";
import type { Method } from "../trial.ts";
import { describeRange, isInRange } from "./method-kind.ts";
import { methodKind } from "./registry.ts";

/**
 * Checks a method's kind, strength and options before any work starts, by making of it what training makes. Throws
 * InputError with one sentence; `where` begins it, e.g. `study "mine"`. Images are taken to be 32 x 32: what
 * the ranges allow there, they allow for larger ones.
 */
export function checkMethod(where: string, { kind, strength, options }: Method): void {
  const { label, adds, range, unit } = methodKind(`${where}: methods`, kind);
  if (adds === "nothing")
    throw new InputError(`${where}: strengths.${kind}: expected none for ${kind}, got ${strength}`);
  if (!isInRange(strength, range))
    throw new InputError(
      `${where}: strengths.${kind}: expected ${describeRange(range)} (${label}: ${unit}), got ${strength}`,
    );
  try {
    if (adds === "augmentation") {
      checkStrength(kind, strength);
      checkOptions(kind, options);
    } else if (adds === "inner attack") choose("methods", kind, innerAttacks)(strength, options);
    else choose("methods", kind, penalties)(strength, options);
  } catch (cause) {
    if (cause instanceof InputError) throw new InputError(`${where}: ${cause.message}`, { cause });
    throw cause;
  }
}
