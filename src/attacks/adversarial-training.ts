import { InputError, unknownName } from "../base/index.ts";
import type { InnerAttack } from "./inner-attack.ts";

interface AdversarialOptions {
  readonly steps?: number;
  /** Length of a step as a multiple of eps. */
  readonly stepOverEps?: number;
  /** Start uniformly in the ball instead of at the image. */
  readonly randomStart?: boolean;
}

interface TradesOptions extends Omit<AdversarialOptions, "randomStart"> {
  /** The divergence's weight. */
  readonly beta?: number;
}

type GivenOptions = Readonly<Record<string, number | string | boolean>>;

const pgd = ["steps", "stepOverEps", "randomStart"] as const;

/**
 * Every kind of adversarial training: strength and options in, inner attack out. The strength is eps, the ball's radius:
 * of pixels in [0, 1] for l2, in 255ths of the pixel range for linf (8 means 8 / 255). 0 is vanilla.
 */
export const innerAttacks: Readonly<Record<string, (strength: number, options?: GivenOptions) => InnerAttack>> = {
  at: (eps, given) => adversarialTraining("l2", eps, known<AdversarialOptions>("at", given, pgd)),
  "at-linf": (eps, given) => adversarialTraining("linf", eps, known<AdversarialOptions>("at-linf", given, pgd)),
  "at-fast": (eps, given) =>
    fastAdversarialTraining(eps, known<AdversarialOptions>("at-fast", given, ["stepOverEps", "randomStart"])),
  trades: (eps, given) => trades(eps, known<TradesOptions>("trades", given, ["beta", "steps", "stepOverEps"])),
};

/**
 * Adversarial training (Madry et al. 2018): cross-entropy on PGD's images instead of the images. 3 steps of 2 eps / 3 as
 * in Salman et al. 2020, from a uniform random start, which they leave out (`randomStart: false`).
 */
function adversarialTraining(
  norm: "l2" | "linf",
  strength: number,
  { steps = 3, stepOverEps = 2 / steps, randomStart = true }: AdversarialOptions = {},
): InnerAttack {
  const kind = norm === "l2" ? "at" : "at-linf";
  const eps = norm === "l2" ? strength : strength / 255;
  return checked({ kind, strength, norm, eps, steps, stepSize: stepOverEps * eps, start: startOf(randomStart) });
}

/**
 * Adversarial training with a single linf step of 1.25 eps from a uniform random start (Wong, Rice and Kolter 2020, "Fast
 * is better than free"). Without the random start it is FGSM training (Goodfellow et al. 2015), against which models
 * learn to be right about the one step and wrong about PGD's.
 */
function fastAdversarialTraining(
  strength: number,
  { stepOverEps = 1.25, randomStart = true }: Omit<AdversarialOptions, "steps"> = {},
): InnerAttack {
  const eps = strength / 255;
  const stepSize = stepOverEps * eps;
  return checked({ kind: "at-fast", strength, norm: "linf", eps, steps: 1, stepSize, start: startOf(randomStart) });
}

/**
 * TRADES (Zhang et al. 2019): cross-entropy on the images + beta * mean over the batch of KL(p(x) || p(x')), x' the image
 * in the l2 ball where PGD finds that divergence largest. The strength is eps, on the same axis as `at`; beta is an
 * option, 6 as in their experiments, which use linf 0.031 and 10 steps where we take the 3 steps of 2 eps / 3 of `at`.
 */
function trades(strength: number, { beta = 6, steps = 3, stepOverEps = 2 / steps }: TradesOptions = {}): InnerAttack {
  const ball = { norm: "l2", eps: strength } as const;
  return checked({ kind: "trades", strength, ...ball, steps, stepSize: stepOverEps * strength, start: "normal", beta });
}

const startOf = (randomStart: boolean) => (randomStart ? "uniform" : "image");

function checked(attack: InnerAttack): InnerAttack {
  const { kind, strength, steps, stepSize, beta = 0 } = attack;
  if (!(strength >= 0) || !Number.isFinite(strength))
    throw new InputError(`${kind}: strength: expected a number of at least 0, got ${strength}`);
  if (!Number.isInteger(steps) || steps < 1)
    throw new InputError(`${kind}: steps: expected a whole number of at least 1, got ${steps}`);
  if (!(stepSize > 0 || strength === 0) || !Number.isFinite(stepSize))
    throw new InputError(`${kind}: stepOverEps: expected a number above 0, got ${stepSize / attack.eps}`);
  if (!(beta >= 0) || !Number.isFinite(beta))
    throw new InputError(`${kind}: beta: expected a number of at least 0, got ${beta}`);
  return attack;
}

/** The options, all of a known name and of the type it has. */
function known<Options>(kind: string, given: GivenOptions = {}, names: readonly (keyof Options & string)[]): Options {
  for (const [name, value] of Object.entries(given)) {
    if (!names.some((each) => each === name)) throw unknownName(`${kind}: option`, name, names);
    const type = name === "randomStart" ? "boolean" : "number";
    if (typeof value !== type)
      throw new InputError(
        `${kind}: ${name}: expected ${type === "boolean" ? "true or false" : "a number"}, got ${JSON.stringify(value)}`,
      );
  }
  return given as Options;
}
