/** The figures of a study. */
export const tabs = {
  transfer: "Transfer and robustness",
  strength: "Strength response",
  bound: "Bound τ ≤ d",
  claims: "Claims",
} as const;

export type Tab = keyof typeof tabs;

/** What an axis shows unless the address says otherwise. */
export const usual = (tab: Tab) => ({ x: "robust", y: tab === "bound" ? "boundTau" : "dt" });
