import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimsTables, judge } from "../../src/claims/index.ts";
import { figureContents } from "../../src/figures/index.ts";
import { relativeTransfer } from "../../src/metrics/index.ts";
import { changesSchema, claimsSchema, helloSchema, studySchema } from "../../src/server/api.ts";
import { figureDataSchema } from "../../src/server/api-figure.ts";
import { trialSchema } from "../../src/server/api-trial.ts";
import { type App, createApp } from "../../src/server/app.ts";
import { trialId } from "../../src/studies/index.ts";
import { crowdedRows, quickstartRows } from "../figures/fixture.ts";
import { type MemorySource, memorySource, tinyPage, token } from "./fixture.ts";

const rows = quickstartRows();
const trials = rows.map(({ trial }) => trial);
/** The last trial has not been run yet. */
const [lastRow] = rows.slice(-1);
const finished = rows.slice(0, -1);

let source: MemorySource;
let app: App;
beforeEach(() => {
  source = memorySource("tiny", trials, finished);
  app = createApp(source, {
    version: "1.2.3",
    guard: { hosts: new Set(["127.0.0.1"]), token, tokenToRead: false },
    page: async () => tinyPage(),
    batchMs: 1,
  });
});
afterEach(() => app.close());

const get = (path: string, init: RequestInit = {}) =>
  app.fetch(
    new Request(`http://127.0.0.1:4477${path}`, {
      ...init,
      headers: { host: "127.0.0.1:4477", ...(init.headers as Record<string, string>) },
    }),
  );
const json = async (path: string) => (await get(path)).json();

describe("what the dashboard is told", () => {
  it("says what there is, how methods look and what quantities mean", async () => {
    const hello = helloSchema.parse(await json("/api/hello"));
    expect(hello).toMatchObject({ version: "1.2.3", authorised: false, actions: ["cancel", "retry", "pause"] });
    expect(hello.studies).toEqual([{ name: "tiny", trials: 18, finished: 17, running: true }]);
    expect(hello.methods.find(({ kind }) => kind === "jr")).toMatchObject({ short: "JR", colour: "#0072B2" });
    for (const { sentence, formula } of hello.quantities)
      expect(Math.min(sentence.length, formula.length)).toBeGreaterThan(5);
    expect(new Set(hello.quantities.map(({ id }) => id)).size).toBe(hello.quantities.length);
  });

  it("gives every trial of a study with its numbers, and DT Acc as the figures have it", async () => {
    const study = studySchema.parse(await json("/api/studies/tiny"));
    expect(study.trials.map(({ id }) => id)).toEqual(trials.map(trialId));
    expect(study.trials.filter(({ status }) => status === "done")).toHaveLength(17);
    expect(study.trials.at(-1)).toMatchObject({ status: "waiting", numbers: {} });
    expect(study.settings).toHaveLength(1);
    expect(study.settings[0]).toMatchObject({ source: "cifar10", target: "mnist" });
    const vanilla = study.trials.filter(({ family }) => family === "vanilla");
    expect(vanilla.map(({ numbers }) => numbers.dt)).toEqual([0, 0]);
    const [row] = finished.filter(({ trial }) => trial.methods[0]?.kind === "jr");
    const reference = finished.find(({ trial }) => trial.methods.length === 0 && trial.seed === row?.trial.seed);
    if (!row || !reference) throw new Error("the fixture has both");
    const byHand =
      row.target.accuracy.value -
      row.source.accuracy.value -
      (reference.target.accuracy.value - reference.source.accuracy.value);
    const shown = study.trials.find(({ id }) => id === row.trialId)?.numbers;
    expect(shown?.dt).toBeCloseTo(byHand, 12);
    expect(shown?.tau).toBeCloseTo(row.target.loss.value - row.source.loss.value, 12);
  });

  it("draws the points of relativeTransfer, with their intervals, and ranks strengths by Page's trend", async () => {
    const { points, rankings, notes } = figureDataSchema.parse(await json("/api/studies/tiny/figure"));
    const expected = relativeTransfer(finished);
    expect(points).toHaveLength(expected.length);
    for (const point of points) {
      const same = expected.find(({ trialIds }) => trialIds[0] === point.trials[0]);
      expect(point.estimates.dt?.mean).toBe(same?.dt?.mean);
      expect(point.estimates.robust?.interval).toEqual(same?.robust.interval);
    }
    expect(notes.join()).toContain("collapsed");
    const strongest = points.filter(({ family }) => family === "jr").at(-1);
    expect(strongest).toMatchObject({ label: "JR 0.1", rank: 1, ranks: 2 });
    // Two strengths are too few for a rank correlation.
    expect(rankings).toEqual([]);
  });

  it("ranks what rises and falls at every seed as 1 and -1, with the p of all orders", async () => {
    const many = crowdedRows();
    const large = memorySource(
      "tiny",
      many.map(({ trial }) => trial),
      many,
    );
    const largeApp = createApp(large, {
      version: "1",
      guard: { hosts: new Set(["127.0.0.1"]), token, tokenToRead: false },
      page: async () => undefined,
    });
    const request = new Request("http://127.0.0.1/api/studies/tiny/figure", { headers: { host: "127.0.0.1" } });
    const { rankings } = figureDataSchema.parse(await (await largeApp.fetch(request)).json());
    largeApp.close();
    const of = (family: string, quantity: string) =>
      rankings.find((ranking) => ranking.family === family && ranking.quantity === quantity);
    // Three strengths have six orders; all three seeds agree on one of two: 2 / 6^3.
    expect(of("at", "robust")).toMatchObject({ rho: 1, seeds: 3 });
    expect(of("at", "robust")?.p).toBeCloseTo(2 / 216, 12);
    expect(of("rescale", "source")?.rho).toBe(-1);
  });

  it("has the last row, the configuration and the log of a trial", async () => {
    const [row] = finished;
    if (!row) throw new Error("the fixture has rows");
    const detail = trialSchema.parse(await json(`/api/trials/${row.trialId}`));
    expect(detail.row).toEqual(JSON.parse(JSON.stringify(row)));
    expect(detail.config).toEqual(JSON.parse(JSON.stringify(row.trial)));
    expect(detail.checkpoint?.digest).toBe(row.checkpoint);
  });

  it.each([
    ["/api/studies/other", 404, "expected one of tiny"],
    ["/api/trials/0123456789abcdef", 404, "expected a trial"],
    ["/api/studies/tiny/export/figure.gif", 400, ""],
    ["/api/studies/Not..A..Name", 400, ""],
    ["/api/nothing", 404, ""],
  ])("%s is %i", async (path, status, sentence) => {
    const response = await get(path);
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(sentence);
  });
});

describe("exports", () => {
  it("are the very files that carryover figure writes", async () => {
    const files = await figureContents(finished, ["svg", "vl.json", "csv", "md", "tex"], { study: "tiny" });
    expect(files.size).toBe(5);
    for (const [name, bytes] of files) {
      const response = await get(`/api/studies/tiny/export/${name}`);
      expect(response.headers.get("content-disposition")).toContain(`tiny-${name}`);
      expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(bytes)), name).toBe(true);
    }
  });

  it("puts the page and all data into one file that asks for nothing", async () => {
    const html = await (await get("/api/studies/tiny/report.html")).text();
    const data = /<script type="application\/json" id="report">(.*?)<\/script>/s.exec(html)?.[1] ?? "";
    const report = JSON.parse(data);
    expect(studySchema.parse(report.study).trials).toHaveLength(18);
    expect(Object.keys(report.trials)).toHaveLength(18);
    expect(report.hello.actions).toEqual([]);
    expect(html).not.toMatch(/(?:src|href)="\/|url\(\/|https?:\/\/(?!vega)/);
    // The script's own "</script>" must not end it.
    expect(html).toContain("<\\/script>'; console.log(end);");
    expect(html).not.toContain(token);
    expect(report.claims).toEqual(await json("/api/studies/tiny/claims"));
    expect(report.images).toEqual({});
  });

  it("says so while the page is built, and loads it by a script, which keeps what stands behind the #", async () => {
    const building = createApp(source, {
      version: "1",
      guard: { hosts: new Set(["127.0.0.1"]), token, tokenToRead: false },
      page: async () => undefined,
    });
    const ask = (path: string) =>
      building.fetch(new Request(`http://127.0.0.1${path}`, { headers: { host: "127.0.0.1" } }));
    const response = await ask("/");
    expect([response.status, await response.text()]).toEqual([503, expect.stringContaining('src="/building.js"')]);
    expect(await (await ask("/building.js")).text()).toContain("location.reload()");
    building.close();
  });

  it("takes the pictures that were made into the report, as the very bytes", async () => {
    const [made] = finished;
    if (!made) throw new Error("the fixture has rows");
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1, 2, 3);
    const none = { state: "none" as const, pictures: [], confusions: [] };
    const picture = { name: "adversarial", title: "Adversarial examples", caption: "" };
    const ready = { state: "ready" as const, pictures: [picture], confusions: [] };
    const of = async ({ trialId }: { trialId: string }) => (trialId === made.trialId ? ready : none);
    const withPictures = createApp(source, {
      version: "1",
      guard: { hosts: new Set(["127.0.0.1"]), token, tokenToRead: false },
      page: async () => tinyPage(),
      pictures: { of, make: of, png: async () => png },
    });
    const url = "http://127.0.0.1/api/studies/tiny/report.html";
    const html = await (await withPictures.fetch(new Request(url, { headers: { host: "127.0.0.1" } }))).text();
    withPictures.close();
    const { images, trials: details } = JSON.parse(
      /<script type="application\/json" id="report">(.*?)<\/script>/s.exec(html)?.[1] ?? "",
    );
    expect(Object.keys(images)).toEqual([`${made.trialId}/adversarial`]);
    const [start, data] = images[`${made.trialId}/adversarial`].split(",");
    expect([start, new Uint8Array(Buffer.from(data, "base64"))]).toEqual(["data:image/png;base64", png]);
    expect(details[made.trialId].pictures).toEqual(ready);
  });
});

describe("the theory and the claims", () => {
  it("has the verdicts of carryover claims, and a sentence where there are none", async () => {
    const claims = claimsSchema.parse(await json("/api/studies/tiny/claims"));
    expect(claims.tables).toEqual(claimsTables(judge(finished)));
    const unfinished = memorySource("tiny", trials, []);
    const empty = createApp(unfinished, {
      version: "1",
      guard: { hosts: new Set(["127.0.0.1"]), token, tokenToRead: false },
      page: async () => undefined,
    });
    const asked = new Request("http://127.0.0.1/api/studies/tiny/claims", { headers: { host: "127.0.0.1" } });
    expect(await (await empty.fetch(asked)).json()).toEqual({
      tables: [],
      problem: "expected at least one finished trial, got none",
    });
    empty.close();
  });

  it("has tau and d as soon as they were computed, for the trials that they are of", async () => {
    expect(studySchema.parse(await json("/api/studies/tiny")).figure.bound).toBeUndefined();
    const infimum = { loss: 1, gap: 0.01 };
    const point = { label: "one", family: "vanilla", bestSource: infimum, bestTarget: infimum, holds: true };
    const points = finished.slice(0, 2).map(({ trialId: id }, i) => {
      const [tau, difference] = [0.1 + 0.2 * i, 0.4 + 0.1 * i];
      return { ...point, id, sourceLoss: 1, tau, difference, slack: 0.5 - tau };
    });
    const n = { source: 100, target: 90 };
    const sample = { confidence: 0.95, total: 7 };
    source.bound = async () => ({ points, d: 0.5, maximiser: points[1]?.id ?? "", n, sample });
    const study = studySchema.parse(await json("/api/studies/tiny"));
    expect(study.trials.slice(0, 3).map(({ numbers }) => numbers.boundTau)).toEqual([0.1, 0.1 + 0.2, undefined]);
    expect(study.figure.bound).toMatchObject({ d: 0.5, maximiser: "one", models: 2, holds: 2, n, sampleTerms: 7 });
    expect(study.figure.bound?.smallestSlack).toBeCloseTo(0.2, 12);
    source.bound = async () => undefined;
    expect(studySchema.parse(await json("/api/studies/tiny")).figure.bound).toBeUndefined();
  });
});

describe("live events", () => {
  /** Reads the stream until `count` events of a kind came. */
  async function events(response: Response, kind: string, count: number, during: () => void): Promise<unknown[]> {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const found: unknown[] = [];
    let text = "";
    let begun = false;
    while (reader && found.length < count) {
      const { value, done } = await reader.read();
      if (done) break;
      text += value;
      if (!begun && text.includes("event: hello")) {
        begun = true;
        during();
      }
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks)
        if (block.includes(`event: ${kind}\n`)) found.push(JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? "null"));
    }
    await reader?.cancel();
    return found;
  }

  it("tell of a trial from its start to its row", async () => {
    const trial = trials.at(-1);
    if (!trial || !lastRow) throw new Error("the fixture has a last trial");
    const id = trialId(trial);
    const response = await get("/api/studies/tiny/events");
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const step = {
      epoch: 2,
      epochs: 4,
      step: 5,
      steps: 10,
      loss: 1.5,
      accuracy: 0.5,
      imagesPerSecond: 900,
      secondsLeft: 7,
    };
    const first = await events(response, "changes", 1, () => {
      source.live.event({ kind: "started", trialId: id, trial, attempt: 1, pid: 42 });
      source.live.event({ kind: "event", trialId: id, event: { kind: "step", ...step } });
    });
    const [running] = first.map((each) => changesSchema.parse(each));
    expect(running?.trials).toHaveLength(1);
    expect(running?.trials[0]).toMatchObject({
      id,
      status: "running",
      progress: { stage: "train", share: 0.375, epoch: 2 },
    });
    expect(running?.run?.workers).toEqual([{ id: "process 42", trial: id, imagesPerSecond: 900, since: 1_000_000 }]);
    expect(running?.figureChanged).toBe(false);

    const second = await events(await get("/api/studies/tiny/events"), "changes", 1, () =>
      source.live.event({ kind: "finished", trialId: id, row: lastRow }),
    );
    const [done] = second.map((each) => changesSchema.parse(each));
    expect(done).toMatchObject({ figureChanged: true, trials: [{ id, status: "done" }] });
    const figure = figureDataSchema.parse(await json("/api/studies/tiny/figure"));
    expect(figure.points.flatMap((point) => point.trials)).toContain(id);
    const detail = trialSchema.parse(await json(`/api/trials/${id}`));
    expect(detail.curve).toEqual({ epochs: [1.5], loss: [1.5], accuracy: [0.5] });
    expect(detail.log.map(({ text }) => text).at(-1)).toBe("finished");
  });

  it("a vanilla row gives DT Acc to those that waited for it", async () => {
    const [vanilla, other] = [rows[0], rows[1]];
    if (!vanilla || !other) throw new Error("the fixture has rows");
    const late = memorySource("tiny", trials, [other]);
    const lateApp = createApp(late, {
      version: "1",
      guard: { hosts: new Set(["127.0.0.1"]), token, tokenToRead: false },
      page: async () => undefined,
      batchMs: 1,
    });
    const ask = (path: string) =>
      lateApp.fetch(new Request(`http://127.0.0.1${path}`, { headers: { host: "127.0.0.1" } }));
    const before = studySchema.parse(await (await ask("/api/studies/tiny")).json());
    expect(before.trials[1]?.numbers.dt).toBeUndefined();
    const [changes] = await events(await ask("/api/studies/tiny/events"), "changes", 1, () =>
      late.live.event({ kind: "finished", trialId: vanilla.trialId, row: vanilla }),
    );
    const told = changesSchema.parse(changes).trials;
    expect(told.map(({ id }) => id).sort()).toEqual([vanilla.trialId, other.trialId].sort());
    expect(told.find(({ id }) => id === other.trialId)?.numbers.dt).toBeTypeOf("number");
    lateApp.close();
  });

  it("a failed trial keeps its cause", async () => {
    const trial = trials.at(-1);
    if (!trial) throw new Error("the fixture has a last trial");
    const id = trialId(trial);
    await json("/api/studies/tiny");
    source.live.event({ kind: "started", trialId: id, trial, attempt: 3, pid: 42 });
    const failure = { trialId: id, trial, attempts: 3, message: "loss: NaN", detail: "at train (train.ts:1)" };
    source.live.event({ kind: "failed", trialId: id, failure });
    const detail = trialSchema.parse(await json(`/api/trials/${id}`));
    expect(detail.summary).toMatchObject({ status: "failed", failure: "loss: NaN" });
    expect(detail.failure).toEqual({ message: "loss: NaN", detail: "at train (train.ts:1)", attempts: 3 });
  });
});

describe("actions", () => {
  const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
    get(path, {
      method: "POST",
      headers: { ...(body ? { "content-type": "application/json" } : {}), ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  const authorization = `Bearer ${token}`;

  it("want the run's token", async () => {
    const id = trialId(trials[0] ?? ({} as never));
    for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: token }] as Record<string, string>[])
      expect((await post(`/api/trials/${id}/cancel`, undefined, headers)).status).toBe(401);
    expect(source.asked).toEqual([]);
    expect((await post(`/api/trials/${id}/cancel`, undefined, { authorization })).status).toBe(200);
    expect((await post(`/api/trials/${id}/retry`, undefined, { authorization })).status).toBe(200);
    expect((await post("/api/studies/tiny/pause", { paused: true }, { authorization })).status).toBe(200);
    expect(source.asked).toEqual([`cancel tiny ${id}`, `retry tiny ${id}`, "pause tiny true"]);
  });

  it("refuse bodies that are not theirs, and large ones", async () => {
    for (const body of [{ paused: "yes" }, { paused: true, more: 1 }, []])
      expect((await post("/api/studies/tiny/pause", body, { authorization })).status).toBe(400);
    const large = await post("/api/studies/tiny/pause", { paused: true, more: "x".repeat(10_000) }, { authorization });
    expect(large.status).toBe(413);
    expect(source.asked).toEqual([]);
  });
});
