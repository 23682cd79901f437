import { batch, computed, signal } from "@preact/signals";
import type { Changes, Hello, RunState, StudyData } from "../../server/api.ts";
import type { FigureData, MethodLook, Quantity } from "../../server/api-figure.ts";
import type { Setting, Summary } from "../../server/api-trial.ts";
import { route } from "./route.ts";
import { askJson, report, ServerError, serverEvents } from "./server.ts";

/** What the server said at the start. */
export const hello = signal<Hello | undefined>(report?.hello);

/** The study on the page. */
export const study = signal<StudyHead | undefined>(undefined);
export const trials = signal<readonly Summary[]>([]);
export const figure = signal<FigureData>({ points: [], notes: [] });
export const run = signal<RunState | undefined>(undefined);
export const connection = signal<"connecting" | "live" | "lost" | "none">(report ? "none" : "connecting");
/** Why there is no study to show. */
export const failure = signal<Error | undefined>(undefined);
/** Why the server did not say what there is. */
export const helloFailure = signal<Error | undefined>(undefined);
/** Rises with each change that the server tells of, for views that ask for more. */
export const revision = signal(0);

export interface StudyHead {
  readonly name: string;
  readonly description: string;
  readonly settings: readonly Setting[];
}

export const trialById = computed(() => new Map(trials.value.map((trial) => [trial.id, trial])));
export const methodByKind = computed(() => new Map(hello.value?.methods.map((look) => [look.kind, look]) ?? []));
export const quantityById = computed(() => new Map(hello.value?.quantities.map((each) => [each.id, each]) ?? []));

/** The quantities that some trial has. */
export const shownQuantities = computed((): readonly Quantity[] => {
  const seen = new Set(trials.value.flatMap(({ numbers }) => Object.keys(numbers)));
  return hello.value?.quantities.filter(({ id }) => seen.has(id)) ?? [];
});

export const counts = computed(() => {
  const of = (status: Summary["status"]) => trials.value.filter((trial) => trial.status === status).length;
  return { all: trials.value.length, done: of("done"), failed: of("failed"), running: of("running") };
});

/** How a family looks: a kind's own look, or for a combination a grey of its own. */
export function lookOf(family: string): Pick<MethodLook, "legend" | "short" | "colour" | "shape"> {
  const known = methodByKind.value.get(family);
  if (known) return known;
  const kinds = family.split(" + ");
  const named = (key: "legend" | "short") =>
    kinds.map((kind) => methodByKind.value.get(kind)?.[key] ?? kind).join(" + ");
  return { legend: named("legend"), short: named("short"), colour: "#767676", shape: "diamond" };
}

function take(data: StudyData): void {
  batch(() => {
    const { name, description, settings } = data;
    study.value = { name, description, settings };
    trials.value = data.trials;
    figure.value = data.figure;
    run.value = data.run;
    failure.value = undefined;
    revision.value++;
  });
}

function apply(changes: Changes): void {
  batch(() => {
    const changed = new Map(changes.trials.map((trial) => [trial.id, trial]));
    if (changed.size > 0) trials.value = trials.value.map((trial) => changed.get(trial.id) ?? trial);
    run.value = changes.run;
    if (changes.figure) figure.value = changes.figure;
    revision.value++;
  });
}

let watched: { readonly name: string; readonly stop: AbortController } | undefined;

/** Shows the study that the address names, and follows it from then on. */
export async function follow(name: string): Promise<void> {
  if (report) return take(report.study);
  if (watched?.name === name) return;
  watched?.stop.abort();
  const stop = new AbortController();
  watched = { name, stop };
  study.value = undefined;
  failure.value = undefined;
  for (let pause = 500; !stop.signal.aborted; pause = Math.min(2 * pause, 5000)) {
    try {
      await watch(name, stop.signal, () => {
        pause = 250;
      });
    } catch (error) {
      if (stop.signal.aborted) return;
      if (error instanceof ServerError && error.status < 500) {
        failure.value = error;
        connection.value = "live";
        // Whoever comes again asks again.
        if (watched?.stop === stop) watched = undefined;
        return;
      }
      if (!study.value) failure.value = error instanceof Error ? error : new Error(String(error));
    }
    if (stop.signal.aborted) return;
    connection.value = "lost";
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** One connection: what there is, then what changes, until the server is gone. */
async function watch(name: string, signal: AbortSignal, connected: () => void): Promise<void> {
  const path = `/api/studies/${encodeURIComponent(name)}`;
  let known = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const refreshFigure = async () => {
    timer = undefined;
    try {
      figure.value = await askJson<FigureData>(`${path}/figure`, { signal });
    } catch {
      // A server that has gone is noticed by the stream.
    }
  };
  try {
    for await (const { event, data } of serverEvents(`${path}/events`, signal)) {
      if (event === "hello") {
        // What happens meanwhile waits in the stream, so that nothing falls between the state and the changes.
        known = await load(path, signal);
        connected();
      } else if (event === "changes") {
        const changes = JSON.parse(data) as Changes;
        if (changes.revision >= known) apply(changes);
        if (changes.figureChanged && !changes.figure) timer ??= setTimeout(() => void refreshFigure(), 300);
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

async function load(path: string, signal: AbortSignal): Promise<number> {
  hello.value = await askJson<Hello>("/api/hello", { signal });
  const data = await askJson<StudyData>(path, { signal });
  take(data);
  connection.value = "live";
  return data.revision;
}

/** What studies there are; asked anew while the list is on the page. */
export async function askHello(): Promise<void> {
  if (report) return;
  try {
    hello.value = await askJson<Hello>("/api/hello");
    helloFailure.value = undefined;
    if (!watched) connection.value = "live";
  } catch (error) {
    helloFailure.value = error instanceof Error ? error : new Error(String(error));
    // One that refuses is there.
    connection.value = error instanceof ServerError ? "live" : "lost";
  }
}

/** Where the server has a trial of the study on the page. */
export const trialPath = (trial: string): string =>
  `/api/studies/${encodeURIComponent(study.value?.name ?? "")}/trials/${encodeURIComponent(trial)}`;

export const currentStudy = computed(() => route.value.study ?? report?.study.name);
