import { InputError } from "../base/index.ts";
import { apgd } from "./apgd.ts";
import { type Ball, checkBall } from "./ball.ts";
import { fab } from "./fab.ts";
import { fgsm } from "./fgsm.ts";
import { type PgdConfig, pgdSearch } from "./pgd-search.ts";
import type { Example, Search } from "./search.ts";
import { square } from "./square.ts";

/** One attack with its settings, as plain data. */
export type KnownPlan =
  | (PgdConfig & { readonly kind: "pgd" })
  | (Ball & { readonly kind: "fgsm" })
  | (Ball & { readonly kind: "apgd-ce" | "apgd-dlr"; readonly steps: number; readonly restarts: number })
  | (Ball & {
      readonly kind: "apgd-t" | "fab-t";
      readonly steps: number;
      readonly restarts: number;
      /** How many other classes are aimed at, the likeliest first. */
      readonly targets: number;
    })
  | (Ball & { readonly kind: "square"; readonly queries: number; readonly restarts: number });

/** Of these, or one of the caller's own. */
export type AttackPlan = KnownPlan | (Ball & { readonly kind: "own"; readonly search: (example: Example) => Search });

/** What the command line offers: single attacks, `apgd` (both of its losses) and the ensemble `standard`. */
export const attackNames = [
  "pgd",
  "fgsm",
  "apgd",
  "apgd-ce",
  "apgd-dlr",
  "apgd-t",
  "fab",
  "square",
  "standard",
] as const;

export type AttackName = (typeof attackNames)[number];

export interface PlanSettings extends Ball {
  readonly steps: number;
  readonly restarts: number;
  /** PGD's, eps / 4 unless named, as in the paper's code. */
  readonly stepSize?: number;
  /** The Square attack's forward passes. */
  readonly queries?: number;
  readonly classes: number;
}

/**
 * The attacks behind a name, to be run one after the other, each on the examples that still stand.
 *
 * `standard` is AutoAttack's standard version (Croce and Hein 2020): APGD-CE, APGD on the targeted DLR loss and FAB-T with 9
 * targets, 100 steps each, and Square with 5,000 queries; `steps` and `restarts` are theirs, whatever is given. With fewer
 * than four classes the targeted DLR loss has no meaning and the difference of two logits takes its place.
 */
export function plansFor(name: AttackName, settings: PlanSettings): KnownPlan[] {
  const { norm, eps, steps, restarts, queries = 5000, classes, stepSize = eps > 0 ? eps / 4 : 1 } = settings;
  const ball = { norm, eps };
  const targets = Math.min(9, classes - 1);
  switch (name) {
    case "pgd":
      return [{ kind: "pgd", ...ball, steps, stepSize, restarts }];
    case "fgsm":
      return [{ kind: "fgsm", ...ball }];
    case "apgd-ce":
      return [{ kind: "apgd-ce", ...ball, steps, restarts }];
    case "apgd-dlr":
      return [{ kind: "apgd-dlr", ...ball, steps, restarts }];
    case "apgd":
      return [...plansFor("apgd-ce", settings), ...plansFor(classes < 3 ? "apgd-t" : "apgd-dlr", settings)];
    case "apgd-t":
      return [{ kind: "apgd-t", ...ball, steps, restarts, targets }];
    case "fab":
      return [{ kind: "fab-t", ...ball, steps, restarts, targets }];
    case "square":
      return [{ kind: "square", ...ball, queries, restarts }];
    case "standard": {
      const once = { ...settings, steps: 100, restarts: 1, queries: 5000 };
      return [
        ...plansFor("apgd-ce", once),
        ...plansFor("apgd-t", once),
        ...plansFor("fab", once),
        ...plansFor("square", once),
      ];
    }
  }
}

/** The search of a plan. */
export function searchOf(plan: AttackPlan, seed: number): (example: Example) => Search {
  switch (plan.kind) {
    case "pgd":
      return (example) => pgdSearch(example, plan, seed);
    case "fgsm":
      return (example) => fgsm(example, plan);
    case "apgd-ce":
      return (example) => apgd({ ...plan, loss: "log-odds", targets: 1 }, example, seed);
    case "apgd-dlr":
      return (example) => apgd({ ...plan, loss: "dlr", targets: 1 }, example, seed);
    case "apgd-t":
      return (example) =>
        apgd({ ...plan, loss: example.logits.length < 4 ? "difference" : "targeted-dlr" }, example, seed);
    case "fab-t":
      return (example) => fab(plan, example, seed);
    case "square":
      return (example) => square(plan, example, seed);
    case "own":
      return plan.search;
  }
}

/** Whether the attack walks outside the ball on its way. */
export const leavesBall = ({ kind }: AttackPlan): boolean => kind === "fab-t";

/** Throws InputError for settings out of range. `classes` are the model's. */
export function checkPlan(plan: AttackPlan, classes: number): void {
  checkBall(plan);
  for (const [name, count] of Object.entries(plan))
    if (["steps", "restarts", "queries", "targets"].includes(name) && !(Number.isInteger(count) && Number(count) >= 1))
      throw new InputError(`attack: ${name}: expected a whole number of at least 1, got ${count}`);
  if (plan.kind === "pgd" && !(plan.stepSize > 0 && Number.isFinite(plan.stepSize)))
    throw new InputError(`attack: stepSize: expected a number above 0, got ${plan.stepSize}`);
  if (plan.kind === "apgd-dlr" && classes < 3)
    throw new InputError(`attack: apgd-dlr: expected a model of at least 3 classes, got ${classes}`);
}
