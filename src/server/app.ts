import { randomUUID } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { Readable } from "node:stream";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { InputError } from "../base/index.ts";
import { figureContents } from "../figures/index.ts";
import { sourceStageId } from "../studies/index.ts";
import type { Hello, ReportData, StudyData } from "./api.ts";
import type { TrialDetail } from "./api-trial.ts";
import { ClosedError } from "./background.ts";
import { type Guard, guarded, hasToken } from "./guard.ts";
import { judging } from "./judging.ts";
import { liveStudies } from "./live-studies.ts";
import { methodLooks } from "./methods.ts";
import type { PageState } from "./page.ts";
import { checked, exportFiles } from "./params.ts";
import type { Picturing } from "./pictures.ts";
import { quantities } from "./quantities.ts";
import { reportHtml } from "./report.ts";
import type { StudySource } from "./source.ts";
import type { StudyView } from "./study-view.ts";
import { checkpointPath, trialDetail } from "./trial-detail.ts";

export interface AppOptions {
  readonly version: string;
  readonly guard: Guard;
  page(): Promise<PageState>;
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

/** The dashboard over HTTP: what `source` has, for reading; its actions, for those who have the token. */
export function createApp(source: StudySource, options: AppOptions): App {
  const { version, guard, page, pictures, workDir, batchMs } = options;
  const boot = randomUUID();
  const studies = liveStudies(source, boot, { batchMs });
  const judged = judging();
  const app = new Hono();

  app.use(guarded(guard));
  app.use("/api/*", bodyLimit({ maxSize: 4096, onError: (c) => c.json({ error: "the request is too large" }, 413) }));
  // A body is made though HEAD throws it away unread: an open file, a watcher that never leaves.
  app.use("/api/*", (c, next) =>
    c.req.method === "HEAD" ? Promise.resolve(c.body(null, 405, { allow: "GET, POST" })) : next(),
  );
  app.onError((error, c) => {
    if (error instanceof ClosedError) return c.json({ error: error.message }, 503);
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

  const detail = async (view: StudyView, id: string) => trialDetail(id, view, source, pictures, workDir);
  /** InputError for a study or a trial that is not here. */
  const viewOf = async ({ study, trial }: { study: string; trial: string }): Promise<StudyView> => {
    const view = await studies.view(study);
    if (!view.trial(trial)) throw new InputError(`expected a trial of ${study}, got "${trial}"`);
    return view;
  };
  const rowOf = (view: StudyView, id: string) => {
    const row = view.row(id);
    if (!row) throw new InputError(`trial ${id} is not finished yet`);
    return row;
  };
  const imagesOf = async (view: StudyView, trials: readonly TrialDetail[]): Promise<Record<string, string>> => {
    const images: Record<string, string> = {};
    for (const { summary, pictures: made } of trials)
      for (const { name } of made.pictures) {
        const png = await pictures?.png(rowOf(view, summary.id), name);
        if (png) images[`${summary.id}/${name}`] = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
      }
    return images;
  };

  app.get("/api/hello", async (c) => c.json(await hello(hasToken(c, guard.token))));
  app.get("/api/studies/:study", checked.study, async (c) =>
    c.body(await studies.json(c.req.valid("param").study), 200, { "content-type": "application/json" }),
  );
  app.get("/api/studies/:study/figure", checked.study, async (c) =>
    c.json((await studies.view(c.req.valid("param").study)).figure()),
  );
  app.get("/api/studies/:study/events", checked.study, async (c) =>
    c.body(await studies.watch(c.req.valid("param").study, c.req.raw.signal), 200, {
      "content-type": "text/event-stream",
      "x-accel-buffering": "no",
    }),
  );
  app.get("/api/studies/:study/export/:file", checked.file, async (c) => {
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
  app.get("/api/studies/:study/claims", checked.study, async (c) =>
    c.json(await judged.claimsOf(await studies.view(c.req.valid("param").study))),
  );
  app.get("/api/studies/:study/report.html", checked.study, async (c) => {
    const { study } = c.req.valid("param");
    const built = await page();
    if (built.state === "building")
      return c.json({ error: "the page is still being built; try again in a moment" }, 503);
    if (built.state === "failed") return c.json({ error: built.message }, 503);
    const view = await studies.view(study);
    const own: StudyData = JSON.parse(await studies.json(study));
    const trials = await Promise.all(own.trials.map(async ({ id }) => [id, await detail(view, id)] as const));
    const data: ReportData = {
      hello: { ...(await hello(false)), actions: [] },
      study: own,
      trials: Object.fromEntries(trials),
      claims: await judged.claimsOf(view),
      images: await imagesOf(
        view,
        trials.map(([, trial]) => trial),
      ),
      writtenAt: new Date().toISOString(),
    };
    return c.body(reportHtml(built.files, data), 200, {
      "content-type": "text/html; charset=utf-8",
      "content-disposition": `attachment; filename="${study}-report.html"`,
    });
  });
  const trialPath = "/api/studies/:study/trials/:trial";
  app.get(trialPath, checked.trial, async (c) => {
    const asked = c.req.valid("param");
    return c.json(await detail(await viewOf(asked), asked.trial));
  });
  app.get(`${trialPath}/pictures/:name`, checked.picture, async (c) => {
    const asked = c.req.valid("param");
    const png = await pictures?.png(rowOf(await viewOf(asked), asked.trial), asked.name);
    return png ? c.body(png, 200, { "content-type": "image/png" }) : c.notFound();
  });
  app.get(`${trialPath}/checkpoint`, checked.trial, async (c) => {
    const asked = c.req.valid("param");
    const trial = (await viewOf(asked)).trial(asked.trial);
    const path = workDir && trial && checkpointPath(workDir, sourceStageId(trial));
    if (!path || !existsSync(path))
      throw new InputError(`the trained model of trial ${asked.trial} is not on this machine`);
    return c.body(Readable.toWeb(createReadStream(path)) as ReadableStream, 200, {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="${asked.trial}.safetensors"`,
    });
  });

  app.post(`${trialPath}/pictures`, checked.trial, async (c) => {
    const asked = c.req.valid("param");
    if (!pictures) return c.notFound();
    return c.json(await pictures.make(rowOf(await viewOf(asked), asked.trial)));
  });
  for (const action of ["cancel", "retry"] as const)
    app.post(`${trialPath}/${action}`, checked.trial, async (c) => {
      const asked = c.req.valid("param");
      const act = source.actions[action];
      if (!act) return c.notFound();
      await viewOf(asked);
      await act(asked.study, asked.trial);
      return c.json({ done: true });
    });
  app.post("/api/studies/:study/pause", checked.study, checked.pausing, async (c) => {
    if (!source.actions.pause) return c.notFound();
    const { name } = await studies.view(c.req.valid("param").study);
    await source.actions.pause(name, c.req.valid("json").paused);
    return c.json({ done: true });
  });

  app.get("/building.js", (c) => c.body(buildingScript, 200, { "content-type": "text/javascript; charset=utf-8" }));
  app.get("*", async (c) => {
    const built = await page();
    if (built.state === "building") return c.html(buildingPage, 503, { "retry-after": "1" });
    if (built.state === "failed") return c.text(built.message, 503, { "retry-after": "30" });
    const file = built.files.get(new URL(c.req.url).pathname);
    if (!file) return c.notFound();
    const cacheControl = file.lasting ? "public, max-age=31536000, immutable" : "no-cache";
    return c.body(file.bytes, 200, { "content-type": file.type, "cache-control": cacheControl });
  });

  return {
    fetch: (request, environment) => app.fetch(request, environment as object),
    close() {
      studies.close();
      judged.close();
      pictures?.close();
    },
  };
}

/**
 * Stands in for the page for the seconds in which it is built, in a checkout of the sources, once after each change. A
 * script loads it anew: to the refresh that HTML has, an address with a # is a place on the page that is there already.
 */
const buildingPage = `<!doctype html><html lang="en"><meta charset="utf-8"><script src="/building.js"></script>
<title>carryover</title><body><p>The dashboard is being built, once. It opens by itself in a few seconds.</p></body></html>`;

const buildingScript = "setTimeout(() => location.reload(), 1000);";
