import { canonicalJson } from "../base/index.ts";
import { datasets } from "../datasets/registry.ts";
import { type AttackConfig, type Trial, transferText } from "../studies/trial.ts";
import { labelOf, type Point } from "./point.ts";

/** 400 comes before 1600. */
const { compare } = new Intl.Collator("en", { numeric: true });

/** Points that may be compared: same source, target, model, schedule, attack and transfer. Sorted by the setting. */
export function bySetting(points: readonly Point[]): Point[][] {
  const groups = Map.groupBy(points, ({ trial }) => canonicalJson({ ...trial, methods: null, seed: null }));
  return [...groups].sort(([a], [b]) => compare(a, b)).map(([, group]) => group);
}

/** "CIFAR-10 → MNIST, small-cnn". */
export function pairText({ source, target, model }: Trial): string {
  return `${datasetTitle(source.dataset)} → ${datasetTitle(target.dataset)}, ${model}`;
}

const datasetTitle = (name: string) => (Object.hasOwn(datasets, name) ? datasets[name]?.title : undefined) ?? name;

/** "PGD-20, ℓ2, ε = 0.25"; linf radii that are whole 255ths are written so. */
export function attackText({ norm, eps, steps, restarts }: AttackConfig): string {
  const levels = Math.round(eps * 255);
  const radius = norm === "linf" && levels > 0 && Math.abs(eps * 255 - levels) < 1e-6 ? `${levels}/255` : `${eps}`;
  const times = restarts > 1 ? `, ${restarts} restarts` : "";
  return `PGD-${steps}, ${norm === "l2" ? "ℓ2" : "ℓ∞"}, ε = ${radius}${times}`;
}

/** How a trial's model is trained and transferred, where a study may have it as an axis: its panels would look the same. */
export const trialProtocolText = ({ precision, transfer, target }: Trial): string =>
  [
    ...(precision ? [`trained in ${precision}`] : []),
    transferText(transfer),
    ...(target.train === null ? [] : [`${target.train} target images`]),
  ].join(" · ");

/** What holds for all points of a setting: transfer, seeds and how many examples each number rests on. */
export function protocolText(points: readonly Point[]): string {
  const [first] = points;
  if (!first) return "";
  const n = (of: (point: Point) => readonly number[]) => rangeText(points.flatMap(of));
  return [
    trialProtocolText(first.trial),
    seedsText(points),
    `test examples: ${n((p) => p.source.accuracy.n)} source, ${n((p) => p.robust.n)} attacked, ${n((p) => p.target.accuracy.n)} target`,
  ].join(" · ");
}

/** "1 seed", "3 seeds", or "1–3 seeds" when the points differ. */
function seedsText(points: readonly Point[]): string {
  const count = rangeText(points.map(({ seeds }) => seeds.length));
  return `${count} ${count === "1" ? "seed" : "seeds"}`;
}

function rangeText(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? `${low}` : `${low}–${high}`;
}

/** Which interval the bars and brackets are. */
export function intervalText(points: readonly Point[]): string {
  const several = points.filter(({ seeds }) => seeds.length > 1);
  const sampling = points.some(({ dt, robust }) =>
    [dt?.intervalKind, robust.intervalKind].some((kind) => kind !== "student"),
  );
  if (several.length === 0) return "95 % intervals of the test examples' sampling noise (one seed)";
  const student = `95 % intervals, Student's t over ${seedsText(several)}`;
  return sampling ? `${student}, or the test examples' sampling noise where that is wider` : student;
}

/** The points' notes, each once with the points that it is about: "WD 0.01, JR 1: no vanilla row ...". */
export function noteTexts(points: readonly Point[]): string[] {
  const pairs = points.flatMap((point) => point.notes.map((note) => ({ note, label: labelOf(point) })));
  return [...Map.groupBy(pairs, ({ note }) => note)].map(
    ([note, about]) => `${[...new Set(about.map(({ label }) => label))].join(", ")}: ${note}.`,
  );
}
