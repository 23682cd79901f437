import { type MethodKind, methodKinds } from "../studies/index.ts";
import type { MethodLook } from "./api-figure.ts";

/** What the page must know of every kind of method: names, looks, formulas. */
export const methodLooks: readonly MethodLook[] = Object.entries<MethodKind>(methodKinds).map(
  ([kind, { label, look, adds, unit, formula, remarks, citation, stronger }]) => ({
    kind,
    label,
    ...look,
    adds,
    unit,
    formula,
    remarks,
    citation,
    stronger,
  }),
);
