import type { Contrast, Contrasts } from "./contrasts.ts";
import type { Family } from "./family.ts";
import type { StrengthTrend } from "./trends.ts";

/** The same setting's contrast in another quantity. */
export const contrastIn = ({ all }: Contrasts, { setting }: Contrast): Contrast | undefined =>
  all.find((each) => each.setting === setting);

/** What became of the absolute target accuracy: DT Acc also rises when only the source accuracy falls. */
export function targetText(target: Contrasts, contrast: Contrast): string {
  const own = contrastIn(target, contrast);
  return own
    ? `absolute target accuracy ${points(own.difference)} ${intervalText(own)}`
    : "absolute target accuracy unknown";
}

export const contrastText = (contrast: Contrast, name: string) =>
  `${contrast.setting.label}: ${name} ${points(contrast.difference)} ${intervalText(contrast)}, ${pIs(contrast.p)} (Holm).`;

export const moreSeeds = ({ setting, seedsNeeded }: Contrast) =>
  `${setting.label}: ${seedsNeeded === undefined ? "a difference of this size would not show within 50 seeds" : `a difference of this size would show with ${seedsNeeded} seeds`}`;

export function seedsText(needed: number | undefined, { seeds }: Family): string {
  if (needed === undefined) return "a difference of this size would not show within 50 seeds";
  return needed > seeds.length
    ? `a difference of this size would show with ${needed} seeds, ${needed - seeds.length} more`
    : "its first difference shows already, its second is not yet small enough for sure; more seeds narrow it";
}

export const list = (trends: readonly StrengthTrend[]) => trends.map(({ kind }) => kind).join(", ") || "none";

export const points = (value: number): string => `${signed(100 * value, 1)} points`;

export const signed = (value: number, digits = 2): string =>
  `${value < 0 && Number(value.toFixed(digits)) !== 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;

export const intervalText = ({ interval }: Contrast): string =>
  interval ? `[${signed(100 * interval.low, 1)}, ${signed(100 * interval.high, 1)}]` : "(no interval)";

export const pText = (p: number | undefined): string => (p === undefined ? "–" : p < 0.001 ? "< 0.001" : p.toFixed(3));

/** "p = 0.003", "p < 0.001". */
export const pIs = (p: number | undefined): string => `p ${p !== undefined && p < 0.001 ? "" : "= "}${pText(p)}`;
