import { afterEach, beforeEach } from "vitest";
import { type App, type AppOptions, createApp } from "../../src/server/app.ts";
import { type LiveRun, liveRun } from "../../src/server/live-run.ts";
import type { PageFile } from "../../src/server/page-files.ts";
import type { StudySource } from "../../src/server/source.ts";
import type { Row, Trial } from "../../src/studies/index.ts";
import { quickstartRows } from "../figures/fixture.ts";

export const token = "the-token-of-a-test";

/** A page that is no page: three files by their paths, and the three that a report is made of. */
export function tinyPage(): ReadonlyMap<string, PageFile> {
  const file = (text: string, type: string) => ({ bytes: new TextEncoder().encode(text), type, lasting: false });
  const html = (base: string) =>
    `<!doctype html><html><head><title>carryover</title><link rel="icon" href="${base}assets/icon.svg">
<script type="module" crossorigin src="${base}assets/index.js"></script>
<link rel="stylesheet" crossorigin href="${base}assets/index.css"></head><body></body></html>`;
  const files = (base: string): [string, PageFile][] => [
    [base === "/" ? base : `${base}index.html`, file(html(base), "text/html; charset=utf-8")],
    [`${base}assets/index.js`, file("const end = '</script>'; console.log(end);", "text/javascript; charset=utf-8")],
    [
      `${base}assets/index.css`,
      file("@font-face { src: url(/assets/a.ttf) } body { margin: 0 }", "text/css; charset=utf-8"),
    ],
  ];
  return new Map([...files("/"), ...files("/report/")]);
}

export interface MemorySource extends StudySource {
  readonly live: LiveRun;
  readonly asked: string[];
  bound?: StudySource["bound"];
  study: StudySource["study"];
}

/** One study in memory: these trials, of which those with a row are finished, and a run that a test tells events of. */
export function memorySource(name: string, trials: readonly Trial[], rows: readonly Row[]): MemorySource {
  const live = liveRun(name, { workers: 2 }, () => 1_000_000);
  const asked: string[] = [];
  return {
    live,
    asked,
    studies: async () => [{ name, trials: trials.length, finished: rows.length }],
    async study(wanted) {
      const { InputError } = await import("../../src/base/index.ts");
      if (wanted !== name) throw new InputError(`store: study: expected one of ${name}, got "${wanted}"`);
      return { name, description: "a study of a test", trials, rows };
    },
    stateOf: (_, id) => live.stateOf(id),
    recordsOf: async (_, id) =>
      live.recordsOf(id) ?? { curve: { epochs: [], loss: [], accuracy: [] }, failure: undefined, log: [], attempts: 0 },
    run: (study) => (study === name ? live.run(trials.length - rows.length) : undefined),
    subscribe: (listener) => live.subscribe(listener),
    actions: {
      cancel: async (study, id) => void asked.push(`cancel ${study} ${id}`),
      retry: async (study, id) => void asked.push(`retry ${study} ${id}`),
      pause: async (study, paused) => void asked.push(`pause ${study} ${paused}`),
    },
  };
}

/** The server of a source, as a run has it on loopback. */
export function appOf(source: StudySource, options: Partial<AppOptions> = {}): App {
  return createApp(source, {
    version: "1.2.3",
    guard: { hosts: new Set(["127.0.0.1"]), token, tokenToRead: false },
    page: async () => ({ state: "ready", files: tinyPage() }),
    batchMs: 1,
    ...options,
  });
}

/** Asks a server as a browser on this machine does. */
export async function ask(app: App, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { host: "127.0.0.1:4477", ...(init.headers as Record<string, string>) };
  return app.fetch(new Request(`http://127.0.0.1:4477${path}`, { ...init, headers }));
}

const rows = quickstartRows();
/** The study "tiny", whose last trial has not been run yet. */
export const tiny = { trials: rows.map(({ trial }) => trial), finished: rows.slice(0, -1), lastRow: rows.at(-1) };

/** A server of the study "tiny", another one for each test. */
export function tinyServer() {
  let source: MemorySource;
  let app: App;
  beforeEach(() => {
    source = memorySource("tiny", tiny.trials, tiny.finished);
    app = appOf(source);
  });
  afterEach(() => app.close());
  const get = (path: string, init?: RequestInit) => ask(app, path, init);
  return { source: () => source, get, json: async (path: string) => (await get(path)).json() };
}
