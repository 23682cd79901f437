import {
  compareFamilies,
  compareStrengths,
  familyOf,
  labelOf,
  noteTexts,
  type Point,
  strengthText,
} from "../figures/index.ts";
import { relativeTransfer } from "../metrics/index.ts";
import type { Row } from "../studies/index.ts";
import type { FigureData, FigurePoint } from "./api-figure.ts";
import { type Beside, estimateFor, quantities } from "./quantities.ts";

/** Of a row: what it is read beside, and its setting's place. */
export interface RowContext {
  besideOf(row: Row): Beside;
  settingOf(row: Row): number;
}

/** The rows of a study as the dots of its figures, with what a reader must know. */
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
    notes: noteTexts(points),
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
