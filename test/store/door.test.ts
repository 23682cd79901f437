import { connect } from "node:net";
import { afterAll, expect, test, vi } from "vitest";
import { InputError, UnreachableError } from "../../src/base/index.ts";
import { openDoor, tokenBytes } from "../../src/store/door.ts";
import { readFrames, writeFrame } from "../../src/store/frames.ts";
import { visit } from "../../src/store/guest.ts";
import type { Database, Sql } from "../../src/store/sql.ts";

const said: string[] = [];

/** Answers with what it was asked, and writes down in what order. */
const sql = (place: string): Sql => ({
  query: async (text, parameters = []) => {
    said.push(`${place}: ${text} ${JSON.stringify(parameters)}`);
    if (text === "wrong") throw new InputError("the user's mistake");
    if (text === "broken") throw Object.assign(new Error("ours"), { code: "23505" });
    return [{ text, parameters }] as never[];
  },
  script: async (text) => {
    said.push(`${place}: script ${text}`);
    return [{ script: text }] as never[];
  },
});

const database: Database = {
  ...sql("alone"),
  async transaction(body) {
    said.push("begin");
    try {
      const out = await body(sql("within"));
      said.push("commit");
      return out;
    } catch (error) {
      said.push("rollback");
      throw error;
    }
  },
  close: async () => {},
};

let giveWay = false;
const door = await openDoor(database, async () => giveWay);
afterAll(() => door.close());

async function during(work: () => Promise<unknown>): Promise<string[]> {
  said.length = 0;
  await work();
  return [...said];
}

test("a guest's statements are asked of the owner's database, and its answers come back", async () => {
  const guest = await visit(door.port, door.token);
  expect(await guest.query("select", [1, "a", new Date(5)])).toEqual([
    { text: "select", parameters: [1, "a", new Date(5)] },
  ]);
  expect(await guest.query("bare")).toEqual([{ text: "bare", parameters: [] }]);
  expect(await guest.script("one; two")).toEqual([{ script: "one; two" }]);
  const many = await Promise.all(Array.from({ length: 20 }, (_, i) => guest.query<{ text: string }>(`q${i}`)));
  expect(many.map(([line]) => line?.text)).toEqual(Array.from({ length: 20 }, (_, i) => `q${i}`));
  await guest.close();
});

test("a mistake stays the user's, a failure keeps its code, and the guest goes on", async () => {
  const guest = await visit(door.port, door.token);
  await expect(guest.query("wrong")).rejects.toBeInstanceOf(InputError);
  await expect(guest.query("wrong")).rejects.toThrow("the user's mistake");
  const failure = await guest.query("broken").catch((error: unknown) => error);
  expect(failure).toMatchObject({ message: "ours", code: "23505" });
  expect(failure).not.toBeInstanceOf(InputError);
  expect(await guest.query("after")).toHaveLength(1);
  await guest.close();
});

test("a transaction is one of the owner's: its statements within, others beside it, ended by the body's end", async () => {
  const guest = await visit(door.port, door.token);
  const order = await during(async () => {
    const out = await guest.transaction(async (own) => {
      await own.query("first");
      await guest.query("beside");
      await own.script("second");
      return 7;
    });
    expect(out).toBe(7);
    await guest.query("later");
  });
  expect(order).toEqual([
    "begin",
    "within: first []",
    "alone: beside []",
    "within: script second",
    "commit",
    "alone: later []",
  ]);
  await guest.close();
});

test("a body that throws rolls back, and its error is the guest's", async () => {
  const guest = await visit(door.port, door.token);
  const order = await during(async () => {
    const failed = guest.transaction(async (own) => {
      await own.query("first");
      throw new Error("second thoughts");
    });
    await expect(failed).rejects.toThrow("second thoughts");
  });
  expect(order).toEqual(["begin", "within: first []", "rollback"]);
  await guest.close();
});

test("a guest that is gone amid a transaction rolls it back", async () => {
  said.length = 0;
  const socket = connect(door.port, "127.0.0.1");
  socket.write(door.token, "latin1");
  writeFrame(socket, { id: 1, verb: "begin" });
  for await (const reply of readFrames(socket)) {
    expect(reply).toEqual({ id: 1, rows: [] });
    break;
  }
  socket.destroy();
  await vi.waitUntil(() => said.includes("rollback"), { timeout: 30_000 });
  expect(said).toEqual(["begin", "rollback"]);
});

test("the owner is asked to give way, and says whether it does", async () => {
  const guest = await visit(door.port, door.token);
  expect(await guest.askToYield()).toBe(false);
  giveWay = true;
  expect(await guest.askToYield()).toBe(true);
  giveWay = false;
  await guest.close();
});

test("one who does not know the token is shown out without a word", async () => {
  for (const token of ["0".repeat(tokenBytes), `${door.token.slice(1)}g`]) {
    const stranger = await visit(door.port, token);
    await expect(stranger.query("secrets")).rejects.toBeInstanceOf(UnreachableError);
  }
  const answers = await new Promise<Buffer[]>((resolve) => {
    const got: Buffer[] = [];
    const socket = connect(door.port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\n".repeat(8)));
    socket.on("data", (chunk) => got.push(chunk)).on("close", () => resolve(got));
  });
  expect(answers).toEqual([]);
  expect(door.token).toMatch(/^[0-9a-f]{64}$/);
});

test("when the owner goes, those who wait are told, and so is who asks later or comes", async () => {
  const asked = Promise.withResolvers<void>();
  const slow: Database = {
    ...database,
    query: () => {
      asked.resolve();
      return new Promise(() => {});
    },
  };
  const other = await openDoor(slow, async () => false);
  const guest = await visit(other.port, other.token);
  const waiting = guest.query("for ever").catch((error: unknown) => error);
  await asked.promise;
  await other.close();
  expect(await waiting).toBeInstanceOf(UnreachableError);
  await expect(guest.query("again")).rejects.toBeInstanceOf(UnreachableError);
  await expect(visit(other.port, other.token)).rejects.toBeInstanceOf(UnreachableError);
});
