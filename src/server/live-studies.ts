import type { Changes, StudyData, StudyEntry } from "./api.ts";
import { type Broadcast, broadcast, eventText } from "./broadcast.ts";
import type { Activity, StudySource } from "./source.ts";
import { runState, type StudyView, studyView } from "./study-view.ts";

/** The studies of a source, each read once and then kept up to date, with those who watch them. */
export interface LiveStudies {
  list(): Promise<StudyEntry[]>;
  /** InputError for an unknown study. */
  view(name: string): Promise<StudyView>;
  /** The answer to "what is there", as JSON. */
  json(name: string): Promise<string>;
  watch(name: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  close(): void;
}

interface Entry {
  readonly view: StudyView;
  readonly broadcast: Broadcast;
  readonly pending: Set<string>;
  figureChanged: boolean;
  timer: NodeJS.Timeout | undefined;
}

/**
 * `boot` names this server's life. Changes are gathered for `batchMs` and sent as one event to all who watch; nothing is
 * done for a study that nobody watches beyond keeping its rows.
 */
export function liveStudies(source: StudySource, boot: string, { batchMs = 500 } = {}): LiveStudies {
  const entries = new Map<string, Promise<Entry>>();
  const opened: Entry[] = [];
  /** What happens while a study is read. */
  const early = new Set<Activity[]>();
  let unsubscribe: (() => void) | undefined;

  const entryOf = (name: string): Promise<Entry> => {
    const known = entries.get(name);
    if (known) return known;
    // Until someone looks, nothing is followed.
    unsubscribe ??= source.subscribe(listen);
    const meanwhile: Activity[] = [];
    early.add(meanwhile);
    const made = source.study(name).then((study) => {
      early.delete(meanwhile);
      const view = studyView(study, source);
      for (const { trials, rows } of meanwhile) view.update(trials.get(name) ?? [], rows);
      const entry: Entry = {
        view,
        broadcast: broadcast(),
        pending: new Set(),
        figureChanged: false,
        timer: undefined,
      };
      opened.push(entry);
      return entry;
    });
    entries.set(name, made);
    made.catch(() => {
      early.delete(meanwhile);
      entries.delete(name);
    });
    return made;
  };

  /** The bound may be computed at any time, so it is looked for whenever someone comes. */
  const takeBound = async (view: StudyView): Promise<void> => {
    try {
      view.takeBound(await source.bound?.(view.name));
    } catch (error) {
      process.stderr.write(`dashboard: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  };

  const flush = (entry: Entry, last = false): void => {
    entry.timer = undefined;
    const { view, pending, figureChanged } = entry;
    const trials = [...pending];
    pending.clear();
    entry.figureChanged = false;
    const changes: Changes = {
      boot,
      revision: view.revision,
      trials: trials.map((id) => view.summary(id)),
      run: runState(source.run(view.name)),
      figureChanged,
      ...(last && figureChanged ? { figure: view.figure() } : {}),
    };
    entry.broadcast.send("changes", JSON.stringify(changes));
  };

  const listen = (activity: Activity) => {
    for (const meanwhile of early) meanwhile.push(activity);
    const { trials, rows } = activity;
    for (const entry of opened) {
      const own = trials.get(entry.view.name);
      const before = entry.view.rowsRevision;
      const touched = entry.view.update(own ?? [], rows);
      if (touched.size === 0 && !own) continue;
      if (entry.broadcast.watchers === 0) continue;
      for (const id of touched) entry.pending.add(id);
      entry.figureChanged ||= entry.view.rowsRevision !== before;
      entry.timer ??= setTimeout(() => flush(entry), batchMs);
    }
  };

  return {
    async list() {
      const all = await source.studies();
      return all.map(({ name, trials, finished }) => {
        const run = source.run(name);
        return {
          name,
          trials,
          finished,
          running: run !== undefined && run.state !== "over",
        };
      });
    },
    view: async (name) => (await entryOf(name)).view,
    async json(name) {
      const { view } = await entryOf(name);
      await takeBound(view);
      return JSON.stringify(view.data(boot) satisfies StudyData);
    },
    async watch(name, signal) {
      const { view, broadcast: to } = await entryOf(name);
      return to.watch(eventText("hello", JSON.stringify({ boot, revision: view.revision })), signal);
    },
    close() {
      unsubscribe?.();
      for (const entry of opened) {
        clearTimeout(entry.timer);
        flush(entry, true);
        entry.broadcast.close();
      }
    },
  };
}
