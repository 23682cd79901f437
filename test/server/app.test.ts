import { describe, expect, it } from "vitest";
import { claimsTables, judge } from "../../src/claims/index.ts";
import { figureContents } from "../../src/figures/index.ts";
import { relativeTransfer } from "../../src/metrics/index.ts";
import { helloSchema, studySchema } from "../../src/server/api.ts";
import { claimsSchema } from "../../src/server/api-claims.ts";
import { figureDataSchema } from "../../src/server/api-figure.ts";
import { trialSchema } from "../../src/server/api-trial.ts";
import { trialId } from "../../src/studies/index.ts";
import { appOf, ask, memorySource, tiny, tinyServer, token } from "./fixture.ts";

const { finished, trials } = tiny;
const { get, json, source } = tinyServer();

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

  it("draws the points of relativeTransfer, with their intervals", async () => {
    const { points, notes } = figureDataSchema.parse(await json("/api/studies/tiny/figure"));
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
  });

  it("has the last row, the configuration and the log of a trial", async () => {
    const [row] = finished;
    if (!row) throw new Error("the fixture has rows");
    const detail = trialSchema.parse(await json(`/api/studies/tiny/trials/${row.trialId}`));
    expect(detail.row).toEqual(JSON.parse(JSON.stringify(row)));
    expect(detail.config).toEqual(JSON.parse(JSON.stringify(row.trial)));
    expect(detail.checkpoint?.digest).toBe(row.checkpoint);
  });

  it.each([
    ["/api/studies/other", 404, "expected one of tiny"],
    ["/api/studies/tiny/trials/0123456789abcdef", 404, "expected a trial of tiny"],
    ["/api/studies/tiny/export/figure.gif", 400, ""],
    [
      "/api/studies/My%20Study",
      400,
      'expected the name of a study (small letters, digits and dashes), got \\"My Study\\"',
    ],
    ["/api/studies/tiny/trials/x", 400, 'expected the id of a trial, got \\"x\\"'],
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
    const building = appOf(source(), { page: async () => ({ state: "building" }) });
    const response = await ask(building, "/");
    expect([response.status, await response.text()]).toEqual([503, expect.stringContaining('src="/building.js"')]);
    expect(await (await ask(building, "/building.js")).text()).toContain("location.reload()");
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
    const withPictures = appOf(source(), { pictures: { of, make: of, png: async () => png, close() {} } });
    const html = await (await ask(withPictures, "/api/studies/tiny/report.html")).text();
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
    const empty = appOf(unfinished);
    expect(await (await ask(empty, "/api/studies/tiny/claims")).json()).toEqual({
      tables: [],
      problem: "expected at least one finished trial, got none",
      rankings: [],
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
    source().bound = async () => ({ points, d: 0.5, maximiser: points[1]?.id ?? "", n, sample });
    const study = studySchema.parse(await json("/api/studies/tiny"));
    expect(study.trials.slice(0, 3).map(({ numbers }) => numbers.boundTau)).toEqual([0.1, 0.1 + 0.2, undefined]);
    expect(study.figure.bound).toMatchObject({ d: 0.5, maximiser: "one", models: 2, holds: 2, n, sampleTerms: 7 });
    expect(study.figure.bound?.smallestSlack).toBeCloseTo(0.2, 12);
    source().bound = async () => undefined;
    expect(studySchema.parse(await json("/api/studies/tiny")).figure.bound).toBeUndefined();
  });
});
