import { describe, expect, it } from "vitest";
import { changesSchema, studySchema } from "../../src/server/api.ts";
import { figureDataSchema } from "../../src/server/api-figure.ts";
import { trialSchema } from "../../src/server/api-trial.ts";
import { trialId } from "../../src/studies/index.ts";
import { appOf, ask, memorySource, tiny, tinyServer, token } from "./fixture.ts";

const { finished, lastRow, trials } = tiny;
const { get, json, source } = tinyServer();

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
      source().live.event({ kind: "started", trialId: id, trial, attempt: 1, pid: 42 });
      source().live.event({ kind: "event", trialId: id, event: { kind: "step", ...step } });
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
      source().live.event({ kind: "finished", trialId: id, row: lastRow }),
    );
    const [done] = second.map((each) => changesSchema.parse(each));
    expect(done).toMatchObject({ figureChanged: true, trials: [{ id, status: "done" }] });
    const figure = figureDataSchema.parse(await json("/api/studies/tiny/figure"));
    expect(figure.points.flatMap((point) => point.trials)).toContain(id);
    const detail = trialSchema.parse(await json(`/api/studies/tiny/trials/${id}`));
    expect(detail.curve).toEqual({ epochs: [1.5], loss: [1.5], accuracy: [0.5] });
    expect(detail.log.map(({ text }) => text).at(-1)).toBe("finished");
  });

  it("a vanilla row gives DT Acc to those that waited for it", async () => {
    const [vanilla, other] = finished;
    if (!vanilla || !other) throw new Error("the fixture has rows");
    const late = memorySource("tiny", trials, [other]);
    const lateApp = appOf(late);
    const before = studySchema.parse(await (await ask(lateApp, "/api/studies/tiny")).json());
    expect(before.trials[1]?.numbers.dt).toBeUndefined();
    const [changes] = await events(await ask(lateApp, "/api/studies/tiny/events"), "changes", 1, () =>
      late.live.event({ kind: "finished", trialId: vanilla.trialId, row: vanilla }),
    );
    const told = changesSchema.parse(changes).trials;
    expect(told.map(({ id }) => id).sort()).toEqual([vanilla.trialId, other.trialId].sort());
    expect(told.find(({ id }) => id === other.trialId)?.numbers.dt).toBeTypeOf("number");
    lateApp.close();
  });

  it("what happens while a study is read is not lost", async () => {
    const trial = trials.at(-1);
    if (!trial || !lastRow) throw new Error("the fixture has a last trial");
    const slow = memorySource("tiny", trials, finished);
    let read = () => {};
    const reading = new Promise<void>((resolve) => {
      read = resolve;
    });
    const { study } = slow;
    slow.study = async (name) => {
      const found = await study(name);
      await reading;
      return found;
    };
    const slowApp = appOf(slow);
    const asked = ask(slowApp, "/api/studies/tiny");
    await new Promise(setImmediate);
    slow.live.event({ kind: "finished", trialId: trialId(trial), row: lastRow });
    read();
    const data = studySchema.parse(await (await asked).json());
    expect(data.figure.points.flatMap((point) => point.trials)).toContain(trialId(trial));
    expect(data.trials.at(-1)?.numbers.source).toBe(lastRow.source.accuracy.value);
    slowApp.close();
  });

  it("a failed trial keeps its cause", async () => {
    const trial = trials.at(-1);
    if (!trial) throw new Error("the fixture has a last trial");
    const id = trialId(trial);
    await json("/api/studies/tiny");
    source().live.event({ kind: "started", trialId: id, trial, attempt: 3, pid: 42 });
    const failure = { trialId: id, trial, attempts: 3, message: "loss: NaN", detail: "at train (train.ts:1)" };
    source().live.event({ kind: "failed", trialId: id, failure });
    const detail = trialSchema.parse(await json(`/api/studies/tiny/trials/${id}`));
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
      expect((await post(`/api/studies/tiny/trials/${id}/cancel`, undefined, headers)).status).toBe(401);
    expect(source().asked).toEqual([]);
    expect((await post(`/api/studies/tiny/trials/${id}/cancel`, undefined, { authorization })).status).toBe(200);
    expect((await post(`/api/studies/tiny/trials/${id}/retry`, undefined, { authorization })).status).toBe(200);
    expect((await post("/api/studies/tiny/pause", { paused: true }, { authorization })).status).toBe(200);
    expect(source().asked).toEqual([`cancel tiny ${id}`, `retry tiny ${id}`, "pause tiny true"]);
  });

  it("refuse bodies that are not theirs, and large ones", async () => {
    for (const body of [{ paused: "yes" }, { paused: true, more: 1 }, []])
      expect((await post("/api/studies/tiny/pause", body, { authorization })).status).toBe(400);
    const large = await post("/api/studies/tiny/pause", { paused: true, more: "x".repeat(10_000) }, { authorization });
    expect(large.status).toBe(413);
    expect(source().asked).toEqual([]);
  });
});
