import { type MethodKind, xu2022 } from "./method-kind.ts";
import { hexagon, star } from "./shapes.ts";

const group = "adversarial training";
const l2Radius = { unit: "eps, the radius of the l2 ball, pixels in [0, 1]", range: { min: 0, max: 10 } } as const;
const linfRadius = {
  unit: "eps, the radius of the linf ball in 255ths (8 means 8/255)",
  range: { min: 0, max: 255 },
} as const;

const steps = { type: "number", default: 3, what: "steps of the inner attack" } as const;
const stepOverEps = { type: "number", default: "2 / steps", what: "length of a step as a multiple of eps" } as const;
const randomStart = {
  type: "boolean",
  default: true,
  what: "start uniformly in the ball instead of at the image",
} as const;

const modes =
  "Layers that normalise use their running statistics during the inner attack, and the batch's own in the update, which " +
  "moves the running ones.";

/** Kinds that attack each training batch with the parameters of the moment; src/attacks has them. */
export const attackMethods = {
  at: {
    label: "adversarial training",
    adds: "inner attack",
    ...l2Radius,
    stronger: "larger",
    sweep: [0.1, 0.25, 0.5, 1],
    options: { steps, stepOverEps, randomStart },
    formula: "L(x'), x' by PGD: x' <- P(x' + step * grad / ||grad||_2), P projecting to ||x' - x||_2 <= eps and [0, 1]",
    remarks: `Salman et al. start at the image (randomStart false). ${modes}`,
    citation: `Madry et al., ICLR 2018; Salman et al., NeurIPS 2020; ${xu2022}`,
    regulariser: true,
    group,
    look: { legend: "Adversarial training", short: "AT", colour: "#E69F00", shape: star },
  },
  "at-linf": {
    label: "adversarial training, linf",
    adds: "inner attack",
    ...linfRadius,
    stronger: "larger",
    sweep: [1, 2, 4, 8],
    options: { steps, stepOverEps, randomStart },
    formula: "L(x'), x' by PGD: x' <- P(x' + step * sign(grad)), P projecting to max |x' - x| <= eps / 255 and [0, 1]",
    remarks: modes,
    citation: "Madry et al., ICLR 2018; Salman et al., NeurIPS 2020",
    regulariser: true,
    group,
    look: { legend: "Adversarial training, ℓ∞", short: "AT-ℓ∞", colour: "#E0D020", shape: hexagon },
  },
  "at-fast": {
    label: "fast adversarial training",
    adds: "inner attack",
    ...linfRadius,
    stronger: "larger",
    sweep: [1, 2, 4, 8],
    options: { stepOverEps: { ...stepOverEps, default: 1.25 }, randomStart },
    formula: "L(x'), x' by one step: x' = P(x + u + 1.25 eps / 255 * sign(grad)), u uniform in the linf ball",
    remarks: `Without the random start it is FGSM training, which learns to withstand the one step and not PGD. ${modes}`,
    citation: "Wong, Rice and Kolter, ICLR 2020; Goodfellow, Shlens and Szegedy, ICLR 2015",
    regulariser: undefined,
    group,
    look: { legend: "Fast adversarial training", short: "fast AT", colour: "#908060", shape: "triangle-left" },
  },
  trades: {
    label: "TRADES",
    adds: "inner attack",
    ...l2Radius,
    stronger: "larger",
    sweep: [0.1, 0.25, 0.5, 1],
    options: { beta: { type: "number", default: 6, what: "the divergence's weight" }, steps, stepOverEps },
    formula: "L(x) + beta * mean over the batch of KL(p(x) || p(x')), x' by PGD on that divergence in the l2 ball",
    remarks:
      "The strength is eps, on the axis of at; beta is an option. The authors use linf 0.031, 10 steps and beta 6, and let " +
      `layers normalise adversarial images by their own batch; here by that of the images. ${modes}`,
    citation: "Zhang et al., ICML 2019",
    regulariser: undefined,
    group,
    look: { legend: "TRADES", short: "TRADES", colour: "#6E5200", shape: "cross" },
  },
} as const satisfies Record<string, MethodKind>;
