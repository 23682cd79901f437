import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "../../src/store/index.ts";
import { type Ended, type Workplace, workplace } from "./carryover.ts";

let place: Workplace;
// Making a database takes seconds, copying one does not.
const made = workplace();
beforeAll(async () => {
  const store = await openStore(join(made.folder, ".carryover"));
  await store.close();
});
afterAll(() => made.remove());
beforeEach(() => {
  place = workplace();
  cpSync(join(made.folder, ".carryover"), join(place.folder, ".carryover"), { recursive: true });
});
afterEach(() => place.remove());

/** The quickstart with 3 trials: vanilla, blur 3, blur 7. */
const words = [
  "run",
  "quickstart",
  "--set",
  "methods=blur",
  "--set",
  "strengths.blur=3,7",
  "--set",
  "seeds=1",
  "--workers",
  "2",
];
const combo = `export default {
  name: "combo",
  pairs: [{ source: { dataset: "cifar10" }, target: { dataset: "svhn" } }],
  model: "small-cnn",
  methods: [] satisfies string[],
  schedule: { epochs: 1, learningRate: 0.1 },
  seeds: 1,
};\n`;
const events = (ended: Ended) =>
  ended.stdout
    .trim()
    .split("\n")
    .map((line): Record<string, unknown> => JSON.parse(line));

describe("carryover run", () => {
  it("runs every trial once, writes figures and tables, and a second run finds all of it done", async () => {
    const first = await place.run([...words, "--json"]);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(events(first).filter(({ event }) => event === "finished")).toHaveLength(3);
    expect(events(first).at(-1)).toMatchObject({ event: "done", rows: 3, failed: 0 });
    const results = join(place.folder, "results", "quickstart");
    for (const file of [
      "figure.svg",
      "figure.png",
      "figure.vl.json",
      "rows.csv",
      "table.md",
      "table.tex",
      "manifest.json",
    ])
      expect(existsSync(join(results, file)), file).toBe(true);

    const second = await place.run(words);
    expect(second.code).toBe(0);
    expect(second.stdout).toContain("results/quickstart/figure.svg");
    expect(place.begun()).toHaveLength(3);

    const figure = await place.run(["figure", "quickstart", "--format", "csv", "--out", "elsewhere"]);
    expect(figure.code).toBe(0);
    expect(readFileSync(join(place.folder, "elsewhere", "rows.csv"), "utf8")).toEqual(
      readFileSync(join(results, "rows.csv"), "utf8"),
    );
    expect(existsSync(join(place.folder, "elsewhere", "figure.svg"))).toBe(false);
    expect(JSON.parse(readFileSync(join(place.folder, "elsewhere", "manifest.json"), "utf8")).command).toBe(
      "carryover figure quickstart --format csv --out elsewhere",
    );

    const { trials } = JSON.parse((await place.run(["status", "quickstart", "--json"])).stdout);
    expect(trials).toHaveLength(3);
    expect(trials.map(({ state }: { state: string }) => state)).toEqual(["done", "done", "done"]);
    for (const id of [trials[0].trialId, "abc"])
      expect(await place.run(["cancel", "quickstart", "--trial", id])).toMatchObject({
        code: 2,
        stdout: "",
        stderr: `carryover: cancel: --trial: expected a trial of quickstart that waits or runs (carryover status quickstart --json), got "${id}"\n`,
      });
  });

  it("Ctrl-C stops it with 130 and the line that goes on; that line runs only what was missing", async () => {
    place.tell("hold", "0-blur-3");
    place.tell("hold", "0-blur-7");
    const running = place.start(words);
    await running.says(/vanilla: source/);
    running.child.kill("SIGINT");
    const ended = await running.ended;
    expect(ended.code).toBe(130);
    expect(ended.stderr).toMatch(/^quickstart: 3 trials, 0 of them done before, 2 at once$/m);
    expect(ended.stderr).toMatch(/^quickstart: 1 of 3 trials done, /m);
    expect(ended.stderr).not.toContain('{"event"');
    const line = /^Interrupted\. To go on: (.*)$/m.exec(ended.stderr)?.[1] ?? "";
    expect(line).toMatch(
      / run quickstart --set methods=blur --set strengths.blur=3,7 --set seeds=1 --workers 2 --resume$/,
    );

    place.forget("hold", "0-blur-3");
    place.forget("hold", "0-blur-7");
    const before = place.begun().length;
    const again = await place.run(line.split(" ").slice(2));
    expect(again.code).toBe(0);
    expect(place.begun().slice(before).sort()).toEqual(["0-blur-3", "0-blur-7"]);
  });

  it("a second Ctrl-C ends it at once, and no worker outlives it", async () => {
    place.tell("stuck", "0-vanilla");
    const running = place.start([...words, "--json"]);
    const pid = Number(/"pid":(\d+)/.exec(await running.says(/"event":"started".*vanilla.*"pid":\d+/))?.[1]);
    await running.says(/"event":"stage".*vanilla/);
    running.child.kill("SIGINT");
    await running.says(/Ctrl-C again/);
    const again = setInterval(() => running.child.kill("SIGINT"), 100);
    const { code, stdout } = await running.ended;
    clearInterval(again);
    expect(code).toBe(130);
    expect(stdout).not.toContain('"interrupted"');
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
  });

  it("killed from outside it leaves no worker behind, and the next run does only what was missing", async () => {
    place.tell("hold", "0-blur-3");
    place.tell("hold", "0-blur-7");
    const running = place.start([...words, "--json"]);
    const pid = Number(/\d+$/.exec(await running.says(/blur 3","attempt":1,"pid":\d+/))?.[0]);
    await running.says(/"finished".*vanilla/);
    running.child.kill("SIGKILL");
    await running.ended;
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
    place.forget("hold", "0-blur-3");
    place.forget("hold", "0-blur-7");
    const before = place.begun().length;
    expect((await place.run(words)).code).toBe(0);
    expect(place.begun().slice(before).sort()).toEqual(["0-blur-3", "0-blur-7"]);
  });

  it("tells of a trial that failed, draws the others, exits with 1, and tries it again next time", async () => {
    place.tell("throw", "0-blur-7");
    const ended = await place.run(words);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain("seed 0 blur 7 failed: loss: expected a finite number, got NaN");
    const failures = join(place.folder, "results", "quickstart", "failures.json");
    const told = JSON.parse(readFileSync(failures, "utf8"));
    expect(told).toMatchObject([{ attempts: 1 }]);

    const drawn = await place.run(["figure", "quickstart", "--json"]);
    expect(drawn.code).toBe(0);
    expect(JSON.parse(drawn.stdout)).toMatchObject({ rows: 2, failed: 1 });
    expect(JSON.parse(readFileSync(failures, "utf8"))).toEqual(told);

    place.forget("throw", "0-blur-7");
    expect((await place.run(words)).code).toBe(0);
    expect(place.begun().filter((name) => name === "0-blur-7")).toHaveLength(2);
    expect(existsSync(failures)).toBe(false);
  });

  it("a study without a finished trial is not drawn, nor one of another name", async () => {
    for (const trial of ["0-vanilla", "0-blur-3", "0-blur-7"]) place.tell("throw", trial);
    expect((await place.run(words)).code).toBe(1);
    expect(await place.run(["figure", "quickstart"])).toEqual({
      code: 2,
      stdout: "",
      stderr:
        'carryover: figure: expected a study with a finished trial, got none of "quickstart" (carryover status quickstart)\n',
    });
    const { code, stderr } = await place.run(["figure", "quikstart"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('got "quikstart"; did you mean "quickstart"?')]);
  });

  it("refused, it leaves the study of its name as it was", async () => {
    expect((await place.run(words)).code).toBe(0);
    const refused = await place.run([...words, "--set", "seeds=7,8", "--device", "cuda"]);
    expect(refused.code).toBe(2);
    expect((await place.run(["status", "--json"])).stdout).toContain('"trials":3');
    expect((await place.run(["figure", "quickstart"])).code).toBe(0);
  });

  it("goes on when nobody reads what it says any more", async () => {
    place.tell("hold", "0-blur-7");
    const running = place.start([...words, "--json"]);
    await running.says(/"event":"started"/);
    running.child.stdout?.destroy();
    running.child.stderr?.destroy();
    place.forget("hold", "0-blur-7");
    expect((await running.ended).code).toBe(0);
    expect(place.begun().toSorted()).toEqual(["0-blur-3", "0-blur-7", "0-vanilla"]);
    expect(existsSync(join(place.folder, "results", "quickstart", "figure.svg"))).toBe(true);
  });

  it("continue says how to work on a study of one's own: by its file, for its name is not known", async () => {
    await place.run(words);
    expect((await place.run(["continue", "quickstart"])).stdout).toContain("carryover run quickstart\n");
    writeFileSync(join(place.folder, "combo.study.ts"), combo);
    await place.run(["run", "combo.study.ts"]);
    expect((await place.run(["continue", "combo"])).stdout).toContain("carryover run <the study's file>\n");
  });

  it("--fresh does every trial again, and goes on after an interruption with those it had not redone", async () => {
    await place.run(words);
    place.tell("hold", "0-blur-3");
    place.tell("hold", "0-blur-7");
    const running = place.start([...words, "--fresh"]);
    await running.says(/vanilla: source/);
    running.child.kill("SIGINT");
    const { stderr } = await running.ended;
    expect(stderr).toMatch(/--resume$/m);
    expect(stderr).not.toContain("--fresh");
    place.forget("hold", "0-blur-3");
    place.forget("hold", "0-blur-7");
    const before = place.begun().length;
    expect((await place.run([...words, "--resume"])).code).toBe(0);
    expect(place.begun().slice(before).sort()).toEqual(["0-blur-3", "0-blur-7"]);
    const after = place.begun().length;
    await place.run(words);
    expect(place.begun()).toHaveLength(after);
  });

  it("refuses a second run of the same folder and names the first one's pid", async () => {
    place.tell("hold", "0-vanilla");
    const running = place.start(words);
    await running.says(/: started/);
    const { code, stderr } = await place.run(words);
    expect({ code, named: stderr.includes(`process ${running.child.pid}`) }).toEqual({ code: 2, named: true });
    running.child.kill("SIGINT");
    await running.ended;
  });

  it("runs a study file of one's own", async () => {
    writeFileSync(join(place.folder, "mine.study.ts"), combo);
    const ended = await place.run(["run", "mine.study.ts", "--out", "here"]);
    expect(ended.code).toBe(0);
    expect(existsSync(join(place.folder, "here", "figure.svg"))).toBe(true);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
