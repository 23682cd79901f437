import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { changesSchema, helloSchema, studySchema } from "../../src/server/api.ts";
import { type Workplace, workplace } from "../cli/carryover.ts";
import { havePostgres, type Postgres, startPostgres } from "../store/postgres.ts";

/** Three trials of one seed: vanilla, JR 0.01 and 0.1. */
const study = ["quickstart", "--set", "methods=jr", "--set", "strengths.jr=0.01,0.1", "--set", "seeds=1"];

// A run in one folder and a dashboard in another: what they share is the PostgreSQL alone.
describe.skipIf(!havePostgres("a dashboard of a PostgreSQL"))("carryover serve --database, of a run elsewhere", () => {
  let server: Postgres;
  let running: ReturnType<Workplace["start"]>;
  let base: string;
  let token: string;
  const worker = workplace();
  const viewer = workplace();

  beforeAll(async () => {
    server = await startPostgres();
    worker.tell("hold", "0-vanilla");
    const artifacts = mkdtempSync(join(tmpdir(), "carryover-artifacts-"));
    artifactFolders.push(artifacts);
    const words = [
      "run",
      ...study,
      "--workers",
      "1",
      "--no-serve",
      "--json",
      "--database",
      server.url,
      "--artifacts",
      artifacts,
    ];
    running = worker.start(words);
    await running.says(/"started"/);
    const serving = viewer.start(["serve", "--database", server.url, "--port", "0", "--json"]);
    const address = await serving.says(/http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+/);
    [base = "", token = ""] = address.split("#token=");
  }, 120_000);
  const artifactFolders: string[] = [];
  afterAll(async () => {
    worker.remove();
    viewer.remove();
    await server.remove();
    for (const folder of artifactFolders) rmSync(folder, { recursive: true, force: true });
  });

  const ask = async (path: string, init: RequestInit = {}) =>
    (
      await fetch(`${base}api/${path}`, {
        ...init,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      })
    ).json();
  const state = async () => studySchema.parse(await ask("studies/quickstart"));
  const until = async (holds: () => Promise<boolean>) => {
    for (let i = 0; i < 300 && !(await holds()); i++) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await holds()).toBe(true);
  };
  const statuses = async () => (await state()).trials.map(({ label, status }) => `${label}: ${status}`);

  it("lists the study, and shows who works on what", async () => {
    const hello = helloSchema.parse(await ask("hello"));
    expect(hello).toMatchObject({ authorised: true, studies: [{ name: "quickstart", trials: 3, finished: 0 }] });
    await until(async () => (await statuses())[0] === "vanilla: running");
    await until(async () => ((await state()).run?.workers.length ?? 0) > 0);
    const { run, trials } = await state();
    expect(run).toMatchObject({ state: "running", workers: [{ trial: trials[0]?.id }] });
    expect(existsSync(join(viewer.folder, ".carryover", "database"))).toBe(false);
  });

  it("pauses and cancels over there: the trial that runs goes back in line, the next does not begin", async () => {
    const [, , last] = (await state()).trials;
    await ask(`studies/quickstart/trials/${last?.id}/cancel`, { method: "POST" });
    await ask("studies/quickstart/pause", { method: "POST", body: JSON.stringify({ paused: true }) });
    await until(async () => (await statuses())[0] === "vanilla: waiting");
    worker.forget("hold", "0-vanilla");
    expect(await statuses()).toEqual(["vanilla: waiting", "JR 0.01: waiting", "JR 0.1: cancelled"]);
    expect((await state()).run?.state).toBe("paused");
    expect(worker.begun()).toEqual(["0-vanilla"]);
  });

  it("goes on, tries again, and hears of each row as an event", async () => {
    const [, , last] = (await state()).trials;
    const stop = new AbortController();
    const { body } = await fetch(`${base}api/studies/quickstart/events`, { signal: stop.signal });
    const seen = new Set<string>();
    const listening = (async () => {
      let text = "";
      for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += part;
        const blocks = text.split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks.filter((each) => each.includes("event: changes")))
          for (const { label, status } of changesSchema.parse(JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? ""))
            .trials)
            seen.add(`${label}: ${status}`);
        if (seen.has("JR 0.01: done") && seen.has("JR 0.1: done")) return;
      }
    })();
    await ask("studies/quickstart/pause", { method: "POST", body: JSON.stringify({ paused: false }) });
    await ask(`studies/quickstart/trials/${last?.id}/retry`, { method: "POST" });
    await listening;
    stop.abort();
    expect((await running.ended).code).toBe(0);
    expect((await state()).figure.points).toHaveLength(3);
    const csv = await fetch(`${base}api/studies/quickstart/export/rows.csv`);
    expect((await csv.text()).trim().split("\r\n")).toHaveLength(4);
  });
});
