import { mean, meanInterval, pageTrend, spearman, type TrendBlock } from "../base/index.ts";
import {
  compareFamilies,
  compareStrengths,
  familyOf,
  intervalText,
  labelOf,
  noteTexts,
  type Point,
  strengthText,
} from "../figures/index.ts";
import { relativeTransfer } from "../metrics/index.ts";
import type { Row } from "../studies/index.ts";
import type { FigureData, FigurePoint, Ranking } from "./api-figure.ts";
import { type Beside, estimateFor, quantities } from "./quantities.ts";

/** Of a row: what it is read beside, and its setting's place. */
export interface RowContext {
  besideOf(row: Row): Beside;
  settingOf(row: Row): number;
}

/** The rows of a study as the dots of its figures, with rank correlations and what a reader must know. */
export function figureData(rows: readonly Row[], context: RowContext): FigureData {
  const byId = new Map(rows.map((row) => [row.trialId, row]));
  const points = relativeTransfer(rows);
  const placeOf = ({ trialIds: [id = ""] }: Point) => {
    const row = byId.get(id);
    return row ? context.settingOf(row) : 0;
  };
  const families = Map.groupBy(points, (point) => `${placeOf(point)} ${familyOf(point.methods)}`);
  const drawn = [...families.values()].flatMap((kin) =>
    kin
      .toSorted((a, b) => compareStrengths(a.methods, b.methods))
      .map((point, rank) => pointOf(point, { rank, ranks: kin.length, setting: placeOf(point) }, byId, context)),
  );
  return {
    points: drawn.toSorted((a, b) => a.setting - b.setting || compareFamilies(a.family, b.family) || a.rank - b.rank),
    rankings: rankingsOf(rows, context),
    notes: noteTexts(points),
    intervals: points.length > 0 ? intervalText(points) : "",
  };
}

function pointOf(
  point: Point,
  place: Pick<FigurePoint, "rank" | "ranks" | "setting">,
  byId: ReadonlyMap<string, Row>,
  { besideOf }: RowContext,
): FigurePoint {
  const rows = point.trialIds.flatMap((id) => byId.get(id) ?? []);
  const estimates = quantities.flatMap((quantity) => {
    const estimate = estimateFor(
      quantity,
      point,
      rows.map((row) => [row, besideOf(row)] as const),
    );
    return estimate ? [[quantity.id, estimate] as const] : [];
  });
  return {
    id: `${place.setting}:${labelOf(point)}`,
    label: labelOf(point),
    family: familyOf(point.methods),
    ...place,
    methods: [...point.methods],
    strength: strengthText(point.methods),
    seeds: [...point.seeds],
    trials: [...point.trialIds],
    estimates: Object.fromEntries(estimates),
    collapsed: point.collapsed,
    ...(point.health ? { health: point.health } : {}),
    notes: [...point.notes],
  };
}

/**
 * Does a stronger setting of a method come with more, or less, of a quantity? Page's trend over the seeds: the mean of
 * their rank correlations, with its interval over the seeds.
 */
function rankingsOf(rows: readonly Row[], { besideOf, settingOf }: RowContext): Ranking[] {
  const swept = rows.filter(({ trial }) => trial.methods.length > 0);
  const groups = Map.groupBy(swept, (row) => `${settingOf(row)} ${familyOf(row.trial.methods)}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const levels = levelsOf(group);
    const bySeed = [...Map.groupBy(group, ({ trial }) => trial.seed).values()];
    return quantities.flatMap((quantity): Ranking[] => {
      const blocks = bySeed
        .map((members) => {
          const known = members.filter((row) => quantity.of(row, besideOf(row)) !== undefined);
          return {
            levels: known.map((row) => levels.get(row) ?? 0),
            values: known.map((row) => quantity.of(row, besideOf(row)) ?? 0),
          };
        })
        .filter((block) => block.levels.length > 2);
      if (blocks.length === 0) return [];
      const rhos = blocks.map((block) => spearman(block.levels, block.values) || 0);
      const interval = meanInterval(rhos);
      return [
        {
          setting: settingOf(first),
          family: familyOf(first.trial.methods),
          quantity: quantity.id,
          rho: mean(rhos),
          ...(isSmall(blocks) ? { p: pageTrend(blocks).p } : {}),
          ...(interval ? { interval: { low: Math.max(-1, interval.low), high: Math.min(1, interval.high) } } : {}),
          seeds: blocks.length,
        },
      ];
    });
  });
}

/** The exact test takes seconds for studies of many seeds, of which the interval over the seeds tells enough. */
const isSmall = (blocks: readonly TrendBlock[]) =>
  blocks.length <= 12 && blocks.every(({ levels }) => levels.length <= 7);

/** The place of each row's strength among those of its method, from the weakest. */
function levelsOf(rows: readonly Row[]): Map<Row, number> {
  const ordered = rows.toSorted((a, b) => compareStrengths(a.trial.methods, b.trial.methods));
  let level = 0;
  return new Map(
    ordered.map((row, i) => {
      const before = ordered[i - 1];
      if (before && compareStrengths(before.trial.methods, row.trial.methods) !== 0) level++;
      return [row, level];
    }),
  );
}
