import { canonicalJson } from "../base/index.ts";
import { attackText, familyOf, labelOf, pairText, trialProtocolText } from "../figures/index.ts";
import { type Row, type Trial, trialId } from "../studies/index.ts";
import type { SavedBound } from "../theory/index.ts";
import type { RunState, StudyData } from "./api.ts";
import type { FigureData } from "./api-figure.ts";
import type { Setting, Summary } from "./api-trial.ts";
import { figureData } from "./figure-data.ts";
import type { Evidence } from "./judge-rows.ts";
import { type Beside, quantities } from "./quantities.ts";
import type { RunActivity, StoredStudy, StudySource, TrialState } from "./source.ts";

/** A study as the page sees it, kept up to date by what happens. */
export interface StudyView {
  readonly name: string;
  /** Rises with every change. */
  readonly revision: number;
  /** Rises with every row, and with the bound: all that figures and verdicts are made of. */
  readonly rowsRevision: number;
  readonly rows: readonly Row[];
  trial(trialId: string): Trial | undefined;
  row(trialId: string): Row | undefined;
  setting(trialId: string): Setting;
  /** The rows apart by setting, in the settings' order, and what the theory says of them: what verdicts rest on. */
  evidence(): Evidence;
  summary(trialId: string): Summary;
  /** Takes up new rows and activity; returns the trials that look different now. */
  update(trials: Iterable<string>, rows: readonly Row[]): ReadonlySet<string>;
  /** Takes up what the theory says of the models: undefined where it was not computed. */
  takeBound(bound: SavedBound | undefined): void;
  figure(): FigureData;
  data(boot: string): StudyData;
}

/** The view of `study`; what runs is asked of `source` when it is needed. */
export function studyView(study: StoredStudy, source: StudySource): StudyView {
  const trials = new Map(study.trials.map((trial) => [trialId(trial), trial]));
  const rows = new Map(study.rows.map((row) => [row.trialId, row]));
  const places = placesOf(trials);
  const vanillaKey = (trial: Trial, setting: number) => `${setting} ${trial.seed}`;
  const vanilla = new Map<string, Row>();
  const keep = (row: Row) => {
    rows.set(row.trialId, row);
    if (row.trial.methods.length === 0) vanilla.set(vanillaKey(row.trial, places.settingOf(row.trialId)), row);
  };
  for (const row of study.rows) keep(row);
  const vanillaOf = (row: Row) => vanilla.get(vanillaKey(row.trial, places.settingOf(row.trialId)));
  let revision = 1;
  let rowsRevision = 1;
  let figure: FigureData | undefined;
  let bound: SavedBound | undefined;
  let bounded = new Map<string, SavedBound["points"][number]>();
  const besideOf = (row: Row): Beside => ({ vanilla: vanillaOf(row), bound: bounded.get(row.trialId) });

  const summary = (id: string): Summary => {
    const trial = trials.get(id);
    if (!trial) throw new Error(`study ${study.name}: expected one of its trials, got ${id}`);
    const row = rows.get(id);
    return summaryOf(id, trial, places.settingOf(id), row, row && besideOf(row), source.stateOf(study.name, id));
  };

  return {
    name: study.name,
    get revision() {
      return revision;
    },
    get rowsRevision() {
      return rowsRevision;
    },
    get rows() {
      return [...trials.keys()].flatMap((id) => rows.get(id) ?? []);
    },
    trial: (id) => trials.get(id),
    row: (id) => rows.get(id),
    setting: (id) => places.settings[places.settingOf(id)] ?? emptySetting,
    evidence() {
      const settings = places.settings.map((): Row[] => []);
      for (const id of trials.keys()) {
        const row = rows.get(id);
        if (row) settings[places.settingOf(id)]?.push(row);
      }
      return { settings, bound: bound?.points ?? [] };
    },
    summary,
    update(changed, newRows) {
      const touched = new Set([...changed].filter((id) => trials.has(id)));
      for (const row of newRows) {
        if (!trials.has(row.trialId)) continue;
        keep(row);
        touched.add(row.trialId);
        figure = undefined;
        rowsRevision++;
        // What was compared with nothing until now has a reference.
        if (row.trial.methods.length === 0)
          for (const other of rows.values())
            if (
              other.trial.seed === row.trial.seed &&
              places.settingOf(other.trialId) === places.settingOf(row.trialId)
            )
              touched.add(other.trialId);
      }
      if (touched.size > 0) revision++;
      return touched;
    },
    takeBound(next) {
      if (next?.d === bound?.d && next?.points.length === bound?.points.length) return;
      bound = next;
      bounded = new Map(next?.points.map((point) => [point.id, point]));
      figure = undefined;
      revision++;
      rowsRevision++;
    },
    figure() {
      const all = [...rows.values()];
      figure ??= {
        ...figureData(all, { besideOf, settingOf: (row) => places.settingOf(row.trialId) }),
        ...boundFacts(bound, rows),
      };
      return figure;
    },
    data(boot) {
      return {
        name: study.name,
        description: study.description,
        boot,
        revision,
        settings: [...places.settings],
        trials: [...trials.keys()].map(summary),
        figure: this.figure(),
        run: runState(source.run(study.name)),
      };
    },
  };
}

/** The bound as the page shows it; nothing where it was computed for other trials. */
function boundFacts(bound: SavedBound | undefined, rows: ReadonlyMap<string, Row>): Pick<FigureData, "bound"> {
  const own = bound?.points.filter(({ id }) => rows.has(id)) ?? [];
  if (!bound || own.length === 0) return {};
  const { d, maximiser, points, n, sample } = bound;
  return {
    bound: {
      d,
      maximiser: points.find(({ id }) => id === maximiser)?.label ?? maximiser,
      models: points.length,
      holds: points.filter(({ holds }) => holds).length,
      smallestSlack: Math.min(...points.map(({ slack }) => slack)),
      n,
      sampleTerms: sample.total,
      confidence: sample.confidence,
    },
  };
}

export function runState(run: RunActivity | undefined): RunState | undefined {
  if (!run) return undefined;
  const { study, state, startedAt, secondsLeft, workers } = run;
  return {
    study,
    state,
    startedAt,
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
    imagesPerSecond: workers.reduce((sum, worker) => sum + (worker.imagesPerSecond ?? 0), 0),
    workers: workers.map(({ id, trial, imagesPerSecond, since, seenAt }) => ({
      id,
      ...(trial === undefined ? {} : { trial }),
      ...(imagesPerSecond === undefined ? {} : { imagesPerSecond }),
      since,
      ...(seenAt === undefined ? {} : { seenAt }),
    })),
  };
}

const emptySetting: Setting = { title: "", source: "", target: "", attack: "", protocol: "" };

/** Which setting each trial belongs to, settings in the order of the study. */
function placesOf(trials: ReadonlyMap<string, Trial>) {
  const keys = new Map<string, number>();
  const settings: Setting[] = [];
  const places = new Map<string, number>();
  for (const [id, trial] of trials) {
    const key = canonicalJson({ ...trial, methods: null, seed: null });
    const place = keys.get(key) ?? keys.size;
    if (!keys.has(key)) {
      keys.set(key, place);
      settings.push(settingOf(trial));
    }
    places.set(id, place);
  }
  return { settings, settingOf: (id: string) => places.get(id) ?? 0 };
}

function settingOf(trial: Trial): Setting {
  return {
    title: pairText(trial),
    source: trial.source.dataset,
    target: trial.target.dataset,
    attack: attackText(trial.attack),
    protocol: trialProtocolText(trial),
  };
}

function summaryOf(
  id: string,
  trial: Trial,
  setting: number,
  row: Row | undefined,
  beside: Beside | undefined,
  state: TrialState | undefined,
): Summary {
  const status = state && state.status !== "waiting" ? state.status : row ? "done" : "waiting";
  const numbers =
    row && beside
      ? quantities.flatMap((quantity) => {
          const value = quantity.of(row, beside);
          return value === undefined ? [] : [[quantity.id, value] as const];
        })
      : [];
  const health = row?.robust.health?.verdict;
  return {
    id,
    label: labelOf(trial),
    methods: trial.methods,
    family: familyOf(trial.methods),
    seed: trial.seed,
    setting,
    status,
    numbers: Object.fromEntries(numbers),
    ...(health ? { health } : {}),
    ...(row?.source.collapsed ? { collapsed: true } : {}),
    ...(row
      ? { seconds: Object.values(row.seconds).reduce((sum, each) => sum + each, 0), finishedAt: row.finishedAt }
      : {}),
    ...(state?.failure ? { failure: state.failure } : {}),
    ...(state?.progress ? { progress: state.progress } : {}),
  };
}
