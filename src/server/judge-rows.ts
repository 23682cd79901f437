import { InputError } from "../base/index.ts";
import { claimsTables, familyOf, gap, judge, robustness, targetAccuracy, trendsOf } from "../claims/index.ts";
import type { Row } from "../studies/index.ts";
import type { SavedBound } from "../theory/index.ts";
import type { Claims, Ranking } from "./api-claims.ts";
import { quantities } from "./quantities.ts";

/** What verdicts and trends rest on. */
export interface Evidence {
  /** The rows of each of the study's settings, in their order. */
  readonly settings: readonly (readonly Row[])[];
  /** What the theory says of their models, where that was computed. */
  readonly bound: SavedBound["points"];
}

/** The verdicts of `carryover claims` on these rows, or why there are none, and how quantities go with strengths. */
export function judgeRows({ settings, bound }: Evidence): Claims {
  const rankings = settings.flatMap((rows, setting) => rankingsOf(rows, setting, bound));
  try {
    const tables = claimsTables(judge(settings.flat())).map(({ title, header, lines, notes }) => ({
      title,
      header: [...header],
      lines: lines.map((cells) => [...cells]),
      notes: [...notes],
    }));
    return { tables, rankings };
  } catch (error) {
    if (error instanceof InputError) return { tables: [], problem: error.message.replace(/^claims: /, ""), rankings };
    throw error;
  }
}

/** Those whose test examples' noise the claims take into account; their trends are the claims' own. */
const claimed: Readonly<Record<string, typeof gap>> = { dt: gap, robust: robustness, target: targetAccuracy };

/** The claims' trend of every quantity with each method's strength, within one setting. */
function rankingsOf(rows: readonly Row[], setting: number, bound: SavedBound["points"]): Ranking[] {
  const bounded = new Map(bound.map((point) => [point.id, point]));
  return quantities.flatMap(({ id, of }): Ranking[] => {
    const numberOf = (row: Row) => of(row, { vanilla: undefined, bound: bounded.get(row.trialId) });
    const known = claimed[id] ? rows : rows.filter((row) => numberOf(row) !== undefined);
    // Without a vanilla model that learnt something there is no weakest level.
    if (!known.some(({ trial, source }) => trial.methods.length === 0 && !source.collapsed)) return [];
    const family = familyOf(known);
    const kinds = [...new Set(family.settings.flatMap(({ kind }) => kind ?? []))];
    const quantity = claimed[id] ?? { of: (row: Row) => numberOf(row) ?? Number.NaN, samplingError: () => 0 };
    return trendsOf(family, kinds, quantity).map(({ kind, rho, p, interval, seeds, levels }) => ({
      ...{ setting, family: kind, quantity: id, rho, p, seeds, levels },
      // Percentiles that fall together say nothing of how sure a correlation between -1 and 1 is.
      ...(interval && (interval.low < interval.high || Math.abs(rho) === 1) ? { interval } : {}),
      collapsed: known.filter(({ trial, source }) => source.collapsed && isOf(kind, trial.methods)).length,
    }));
  });
}

/** The trials that a trend is of, vanilla among them. */
const isOf = (kind: string, methods: Row["trial"]["methods"]) =>
  methods.length === 0 || (methods.length === 1 && methods[0]?.kind === kind);
