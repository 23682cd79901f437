import { describe, expect, it } from "vitest";
import { bytesText, durationText } from "../../src/cli/output.ts";
import { type Board, boardLines, secondsLeft, trialLabel, updated } from "../../src/cli/progress/board.ts";
import { resumeLine, typedLine, withoutPassword } from "../../src/cli/resume-line.ts";
import { nodeComplaint } from "../../src/cli/version.ts";
import { builtInStudies, defineStudy, expandStudy, trialId } from "../../src/studies/index.ts";
import { fakeRow } from "../queue/fake-trial.ts";

const [vanilla, blur] = expandStudy(
  defineStudy({
    name: "two",
    pairs: [{ source: { dataset: "cifar10" }, target: { dataset: "mnist" } }],
    model: "small-cnn",
    methods: ["blur"],
    strengths: { blur: [3] },
    schedule: { epochs: 4, learningRate: 0.1 },
    seeds: 1,
  }),
);
if (!vanilla || !blur) throw new Error("expected two trials");

const empty: Board = {
  study: "two",
  total: 10,
  done: 4,
  failed: 0,
  workers: 2,
  startedAtMs: 0,
  running: new Map(),
  took: [],
};
it("trials of several settings can be told apart, those of one have no more words than they need", () => {
  const study = builtInStudies["utrera2021-small"];
  if (!study) throw new Error("no study");
  const labels = expandStudy(study).map((trial) => trialLabel(trial, true));
  expect(labels).toContain("tiny-imagenet -> 100 of cifar10 seed 0 vanilla");
  expect(labels).toContain("tiny-imagenet -> 400 of cifar10, last 3 blocks fine-tuned, seed 0 at 1");
  expect(new Set(labels).size).toBe(18);
  expect(trialLabel(vanilla)).toBe("seed 0 vanilla");
});

const started = (trial: typeof vanilla, board: Board, nowMs: number) =>
  updated(board, { kind: "started", trialId: trialId(trial), trial, attempt: 1, pid: 1 }, nowMs);

describe("the live list", () => {
  it("has a line a running trial, and one for the whole", () => {
    const step = { kind: "step", epoch: 2, epochs: 4, step: 10, steps: 60, loss: 1.2345, accuracy: 0.5 } as const;
    const both = started(blur, started(vanilla, empty, 0), 1000);
    const board = updated(
      both,
      { kind: "event", trialId: trialId(vanilla), event: { ...step, imagesPerSecond: 1234.5, secondsLeft: 75 } },
      2000,
    );
    expect(boardLines(board, 62_000)).toEqual([
      "  seed 0 vanilla  train     epoch 2/4  1:15 left  loss 1.234  acc 50.0 %  1235 images/s",
      "  seed 0 blur 3   starting",
      "two: 4 of 10 trials done, 1:02 elapsed",
    ]);
  });

  it("drops a trial that is finished and counts it", () => {
    const running = started(vanilla, empty, 0);
    const board = updated(running, { kind: "finished", trialId: trialId(vanilla), row: fakeRow(vanilla) }, 10_000);
    expect(boardLines(board, 10_000)).toEqual(["two: 5 of 10 trials done, 0:10 elapsed, about 0:25 left"]);
  });

  it("forgets a trial whose worker died until it is started again", () => {
    const again = { kind: "again", trialId: trialId(vanilla), attempt: 2, message: "" } as const;
    expect(updated(started(vanilla, empty, 0), again, 1).running.size).toBe(0);
  });
});

describe("secondsLeft", () => {
  it("is unknown before the first trial is finished", () => {
    expect(secondsLeft(empty, 1000)).toBeUndefined();
  });

  it("is the work that is left, shared by the workers: (6 trials of 10 s - 4 s done) / 2 = 28 s", () => {
    expect(secondsLeft({ ...started(vanilla, empty, 1000), took: [5, 15] }, 5000)).toBe(28);
  });

  it("shares the last trial with nobody", () => {
    expect(secondsLeft({ ...empty, done: 9, took: [10] }, 0)).toBe(10);
  });
});

describe("resumeLine", () => {
  const words = ["run", "quickstart", "--fresh", "--set", "methods=jr,blur", "--out", "my results"];
  const rest = "run quickstart --set methods=jr,blur --out 'my results' --resume";

  it("says npm's words in this repository", () => {
    const environment = { npm_lifecycle_event: "start", npm_package_name: "carryover" };
    expect(resumeLine(words, "src/cli/main.ts", environment)).toBe(`npm run carryover -- ${rest}`);
  });

  it("says the installed command elsewhere", () => {
    expect(resumeLine(words, "/lib/carryover/dist/cli/main.js", {})).toBe(`carryover ${rest}`);
  });

  it("does not add --resume twice", () => {
    expect(resumeLine(["run", "x", "--resume"], "main.js", {})).toBe("carryover run x --resume");
  });
});

describe("a word of the command line as it is shown", () => {
  it.each([
    ["postgres://me:secret@host:5432/db", "postgres://me@host:5432/db"],
    ["postgres://me:se@cret@host/db", "postgres://me@host/db"],
    ["POSTGRES://me:secret@host", "POSTGRES://me@host"],
    ["postgresql://me:@host", "postgresql://me@host"],
    ["postgres://:secret@host", "postgres://@host"],
    ["postgres://me:se cret@host", "postgres://me@host"],
    ["--database=postgres://me:secret@host/db?sslmode=require", "--database=postgres://me@host/db?sslmode=require"],
    ["postgres://host/db?user=me&password=secret&sslmode=require", "postgres://host/db?user=me&sslmode=require"],
    ["postgres://host/db?pass%77ord=secret", "postgres://host/db"],
    ["postgres://me@host:5432/a@b", "postgres://me@host:5432/a@b"],
    ["source.train=5000", "source.train=5000"],
  ])("%s is %s", (word, text) => expect(withoutPassword(word)).toBe(text));

  it("stands so in the line that goes on and in what is said to have been typed", () => {
    const words = ["run", "quickstart", "--database", "postgres://me:se@cret@host/db", "--out", "my results"];
    const rest = "run quickstart --database postgres://me@host/db --out 'my results'";
    expect(typedLine(words)).toBe(`carryover ${rest}`);
    expect(resumeLine(words, "main.js", {})).toBe(`carryover ${rest} --resume`);
  });
});

describe("texts", () => {
  it.each([
    [0, "0:00"],
    [75.4, "1:15"],
    [3675, "1:01:15"],
    [Number.NaN, "-"],
  ])("%d seconds are %s", (seconds, text) => expect(durationText(seconds)).toBe(text));

  it.each([
    [999, "999 bytes"],
    [1500, "1.5 kB"],
    [138_940_914, "139 MB"],
    [2.5e9, "2.5 GB"],
  ])("%d bytes are %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));

  it.each([
    ["20.20.2", "expected Node 22.18 or newer, got 20.20.2"],
    ["22.17.9", "expected Node 22.18 or newer, got 22.17.9"],
    ["22.18.0", undefined],
    ["24.0.0", undefined],
  ])("Node %s: %s", (version, complaint) => expect(nodeComplaint(version)).toBe(complaint));
});
