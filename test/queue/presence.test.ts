import { afterEach, expect, test, vi } from "vitest";
import { watchOver } from "../../src/queue/presence.ts";
import type { Queue } from "../../src/queue/queue.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("beats that a database holds up do not pile up: one is under way at a time, and the end waits for that one", async () => {
  vi.useFakeTimers();
  let begun = 0;
  // What is tested is what happens when no answer comes, which a real database does not do when asked to.
  const database = {
    query: async () => {
      begun++;
      await new Promise((resolve) => setTimeout(resolve, 7000));
      return [];
    },
  };
  const queue = { database, heartbeatSeconds: null } as unknown as Queue;
  const watching = watchOver(queue, "worker").watch({ lost: async () => {}, failed: () => {} });
  await vi.advanceTimersByTimeAsync(2000);
  expect(begun).toBe(1);
  await vi.advanceTimersByTimeAsync(6000);
  expect(begun).toBe(1);
  // The answer came after 9 s; the beat of 10 s is under way.
  await vi.advanceTimersByTimeAsync(3000);
  expect(begun).toBe(2);
  const ended = watching.end();
  await vi.advanceTimersByTimeAsync(6000);
  // That one, then the goodbye.
  expect(begun).toBe(3);
  await vi.advanceTimersByTimeAsync(20_000);
  await ended;
});
