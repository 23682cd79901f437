import { randomUUID } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { Readable } from "node:stream";
import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { InputError } from "../base/index.ts";
import { type FigureFormat, figureContents } from "../figures/index.ts";
import { sourceStageId } from "../studies/index.ts";
import type { Hello, ReportData, StudyData } from "./api.ts";
import type { TrialDetail } from "./api-trial.ts";
import { claimsOf } from "./claims.ts";
import { type Guard, guarded, hasToken } from "./guard.ts";
import { liveStudies } from "./live-studies.ts";
import { methodLooks } from "./methods.ts";
import type { PageFile } from "./page-files.ts";
import type { Picturing } from "./pictures.ts";
import { quantities } from "./quantities.ts";
import { reportHtml } from "./report.ts";
import type { StudySource } from "./source.ts";
import type { StudyView } from "./study-view.ts";
import { checkpointPath, trialDetail } from "./trial-detail.ts";

export interface AppOptions {
  readonly version: string;
  readonly guard: Guard;
  /** The built page; undefined while it is not there yet. */
  page(): Promise<ReadonlyMap<string, PageFile> | undefined>;
  readonly pictures?: Picturing;
  /** Where this machine keeps trained models, if it does. */
  readonly workDir?: string;
  readonly batchMs?: number;
}

/** An HTTP application and what it holds. */
export interface App {
  fetch(request: Request, environment?: unknown): Response | Promise<Response>;
  close(): void;
}

const studyName = z.object({ study: z.string().regex(/^[a-z0-9][a-z0-9-]{0,99}$/) });
const trialName = z.object({ trial: z.string().regex(/^[0-9a-f]{8,64}$/) });
const pausing = z.strictObject({ paused: z.boolean() });

const exportFiles: Readonly<Record<string, { readonly format: FigureFormat; readonly type: string }>> = {
  "figure.svg": { format: "svg", type: "image/svg+xml" },
  "figure.png": { format: "png", type: "image/png" },
  "figure.vl.json": { format: "vl.json", type: "application/json" },
  "rows.csv": { format: "csv", type: "text/csv; charset=utf-8" },
  "table.md": { format: "md", type: "text/markdown; charset=utf-8" },
  "table.tex": { format: "tex", type: "application/x-tex; charset=utf-8" },
};

const exportName = studyName.extend({ file: z.enum(Object.keys(exportFiles) as [string, ...string[]]) });
const pictureName = trialName.extend({ name: z.string().regex(/^[a-z-]{1,40}$/) });

/** The dashboard over HTTP: what `source` has, for reading; its actions, for those who have the token. */
export function createApp(source: StudySource, options: AppOptions): App {
  const { version, guard, page, pictures, workDir, batchMs } = options;
  const boot = randomUUID();
  const studies = liveStudies(source, boot, { batchMs });
  const app = new Hono();

  app.use(guarded(guard));
  app.use("/api/*", bodyLimit({ maxSize: 4096, onError: (c) => c.json({ error: "the request is too large" }, 413) }));
  app.onError((error, c) => {
    if (error instanceof InputError) return c.json({ error: error.message }, 404);
    process.stderr.write(`dashboard: ${error.stack ?? error.message}\n`);
    return c.json({ error: "the server failed on this; its own output has the stack" }, 500);
  });
  app.notFound((c) => c.json({ error: "there is nothing here" }, 404));

  const hello = async (authorised: boolean): Promise<Hello> => ({
    version,
    boot,
    actions: [
      ...(source.actions.cancel ? (["cancel"] as const) : []),
      ...(source.actions.retry ? (["retry"] as const) : []),
      ...(source.actions.pause ? (["pause"] as const) : []),
      ...(pictures ? (["pictures"] as const) : []),
    ],
    authorised,
    studies: await studies.list(),
    methods: [...methodLooks],
    quantities: quantities.map(({ id, label, short, unit, sentence, formula }) => {
      return { id, label, short, unit, sentence, formula };
    }),
  });

  const viewOfTrial = async (id: string): Promise<StudyView> => {
    const view = await studies.ofTrial(id);
    if (!view) throw new InputError(`expected a trial of one of the studies here, got "${id}"`);
    return view;
  };
  const detail = async (id: string) => trialDetail(id, await viewOfTrial(id), source, pictures, workDir);
  const trialOf = async (id: string) => {
    const trial = (await viewOfTrial(id)).trial(id);
    if (!trial) throw new InputError(`expected a trial of one of the studies here, got "${id}"`);
    return trial;
  };

  const rowOf = async (id: string) => {
    const row = (await viewOfTrial(id)).row(id);
    if (!row) throw new InputError(`trial ${id} is not finished yet`);
    return row;
  };
  const imagesOf = async (trials: readonly TrialDetail[]): Promise<Record<string, string>> => {
    const images: Record<string, string> = {};
    for (const { summary, pictures: made } of trials)
      for (const { name } of made.pictures) {
        const png = await pictures?.png(await rowOf(summary.id), name);
        if (png) images[`${summary.id}/${name}`] = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
      }
    return images;
  };

  app.get("/api/hello", async (c) => c.json(await hello(hasToken(c, guard.token))));
  app.get("/api/studies/:study", zValidator("param", studyName), async (c) =>
    c.body(await studies.json(c.req.valid("param").study), 200, { "content-type": "application/json" }),
  );
  app.get("/api/studies/:study/figure", zValidator("param", studyName), async (c) =>
    c.json((await studies.view(c.req.valid("param").study)).figure()),
  );
  app.get("/api/studies/:study/events", zValidator("param", studyName), async (c) =>
    c.body(await studies.watch(c.req.valid("param").study, c.req.raw.signal), 200, {
      "content-type": "text/event-stream",
      "x-accel-buffering": "no",
    }),
  );
  app.get("/api/studies/:study/export/:file", zValidator("param", exportName), async (c) => {
    const { study, file } = c.req.valid("param");
    const wanted = exportFiles[file];
    const { rows } = await studies.view(study);
    if (!wanted || rows.length === 0)
      throw new InputError(`study "${study}" has no finished trial yet, so there is nothing to draw`);
    const [bytes] = (
      await figureContents(rows, [wanted.format], { study, bound: await source.bound?.(study) })
    ).values();
    return c.body(new Uint8Array(bytes ?? []), 200, {
      "content-type": wanted.type,
      "content-disposition": `attachment; filename="${study}-${file}"`,
    });
  });
  app.get("/api/studies/:study/claims", zValidator("param", studyName), async (c) =>
    c.json(claimsOf((await studies.view(c.req.valid("param").study)).rows)),
  );
  app.get("/api/studies/:study/report.html", zValidator("param", studyName), async (c) => {
    const { study } = c.req.valid("param");
    const files = await page();
    if (!files) return c.json({ error: "the page is still being built; try again in a moment" }, 503);
    const own: StudyData = JSON.parse(await studies.json(study));
    const trials = await Promise.all(own.trials.map(async ({ id }) => [id, await detail(id)] as const));
    const data: ReportData = {
      hello: { ...(await hello(false)), actions: [] },
      study: own,
      trials: Object.fromEntries(trials),
      claims: claimsOf((await studies.view(study)).rows),
      images: await imagesOf(trials.map(([, trial]) => trial)),
      writtenAt: new Date().toISOString(),
    };
    return c.body(reportHtml(files, data), 200, {
      "content-type": "text/html; charset=utf-8",
      "content-disposition": `attachment; filename="${study}-report.html"`,
    });
  });
  app.get("/api/trials/:trial", zValidator("param", trialName), async (c) =>
    c.json(await detail(c.req.valid("param").trial)),
  );
  app.get("/api/trials/:trial/pictures/:name", zValidator("param", pictureName), async (c) => {
    const { trial, name } = c.req.valid("param");
    const png = await pictures?.png(await rowOf(trial), name);
    return png ? c.body(png, 200, { "content-type": "image/png" }) : c.notFound();
  });
  app.get("/api/trials/:trial/checkpoint", zValidator("param", trialName), async (c) => {
    const { trial } = c.req.valid("param");
    const path = workDir && checkpointPath(workDir, sourceStageId(await trialOf(trial)));
    if (!path || !existsSync(path)) throw new InputError(`the trained model of trial ${trial} is not on this machine`);
    return c.body(Readable.toWeb(createReadStream(path)) as ReadableStream, 200, {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="${trial}.safetensors"`,
    });
  });

  app.post("/api/trials/:trial/pictures", zValidator("param", trialName), async (c) => {
    const { trial } = c.req.valid("param");
    if (!pictures) return c.notFound();
    return c.json(await pictures.make(await rowOf(trial)));
  });
  for (const action of ["cancel", "retry"] as const)
    app.post(`/api/trials/:trial/${action}`, zValidator("param", trialName), async (c) => {
      const { trial } = c.req.valid("param");
      const act = source.actions[action];
      if (!act) return c.notFound();
      const { name } = await viewOfTrial(trial);
      await act(name, trial);
      return c.json({ done: true });
    });
  app.post("/api/studies/:study/pause", zValidator("param", studyName), zValidator("json", pausing), async (c) => {
    if (!source.actions.pause) return c.notFound();
    const { name } = await studies.view(c.req.valid("param").study);
    await source.actions.pause(name, c.req.valid("json").paused);
    return c.json({ done: true });
  });

  app.get("/building.js", (c) => c.body(buildingScript, 200, { "content-type": "text/javascript; charset=utf-8" }));
  app.get("*", async (c) => {
    const files = await page();
    if (!files) return c.html(buildingPage, 503, { "retry-after": "1" });
    const file = files.get(new URL(c.req.url).pathname);
    if (!file) return c.notFound();
    const cacheControl = file.lasting ? "public, max-age=31536000, immutable" : "no-cache";
    return c.body(file.bytes, 200, { "content-type": file.type, "cache-control": cacheControl });
  });

  return { fetch: (request, environment) => app.fetch(request, environment as object), close: () => studies.close() };
}

/**
 * Stands in for the page for the seconds in which it is built, in a checkout of the sources, once after each change. A
 * script loads it anew: to the refresh that HTML has, an address with a # is a place on the page that is there already.
 */
const buildingPage = `<!doctype html><html lang="en"><meta charset="utf-8"><script src="/building.js"></script>
<title>carryover</title><body><p>The dashboard is being built, once. It opens by itself in a few seconds.</p></body></html>`;

const buildingScript = "setTimeout(() => location.reload(), 1000);";
