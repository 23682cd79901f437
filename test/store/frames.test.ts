import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { serialize } from "node:v8";
import { expect, test } from "vitest";
import { readFrames, writeFrame } from "../../src/store/frames.ts";

/** The bytes that `writeFrame` sends for these values. */
function sent(...values: readonly unknown[]): Buffer {
  const written: Buffer[] = [];
  const socket = { write: (bytes: Buffer) => written.push(bytes) } as unknown as Socket;
  for (const value of values) writeFrame(socket, value);
  return Buffer.concat(written);
}

async function received(bytes: Buffer, sizes: number, options: Parameters<typeof readFrames>[1] = {}) {
  const pieces = Array.from({ length: Math.ceil(bytes.length / sizes) }, (_, i) =>
    bytes.subarray(i * sizes, (i + 1) * sizes),
  );
  const values: unknown[] = [];
  for await (const value of readFrames(Readable.from(pieces) as unknown as Socket, options)) values.push(value);
  return values;
}

test("a frame is the body's length in 4 bytes, the highest first, and the body", () => {
  const body = serialize("x".repeat(300));
  const [high, low] = [body.length >> 8, body.length & 255];
  expect(sent("x".repeat(300))).toEqual(Buffer.concat([Buffer.of(0, 0, high, low), body]));
});

test.each([1, 3, 7, 10_000])("values come in as they were given, in pieces of %i bytes", async (sizes) => {
  const values = [{ at: new Date(7), none: Number.NaN, rows: [1, "two", null] }, "", 0, undefined, "x".repeat(70)];
  expect(await received(sent(...values), sizes)).toEqual(values);
});

test.each([1, 3, 10_000])("the greeting is given as it is, then values, in pieces of %i bytes", async (sizes) => {
  const bytes = Buffer.concat([Buffer.from("hello"), sent("a", "b")]);
  expect(await received(bytes, sizes, { greetingBytes: 5 })).toEqual(["hello", "a", "b"]);
});

test("a frame of the limit is read, a longer one ends the connection", async () => {
  const limit = serialize("four").length;
  expect(await received(sent("four", "five!", "four"), 10_000, { limit })).toEqual(["four"]);
  expect(await received(sent("four", "four"), 10_000, { limit })).toEqual(["four", "four"]);
});

test("what is cut short is not given", async () => {
  const bytes = sent("first", "second");
  expect(await received(bytes.subarray(0, -1), 4)).toEqual(["first"]);
});
