import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { throttled } from "../../src/web/state/throttled.ts";

describe("throttled work", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is done at once, and then once in a pause, however often it is wanted", async () => {
    const times: number[] = [];
    const began = Date.now();
    const { want } = throttled(async () => void times.push(Date.now() - began), 700);
    // Every 500 ms for 5 s: a timer that each want set anew would never end.
    for (let i = 0; i < 10; i++) {
      want();
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(times).toEqual([0, 700, 1400, 2100, 2800, 3500, 4200, 4900].slice(0, times.length));
    expect(times.length).toBeGreaterThan(5);
  });

  it("is done once more when it was wanted while it went on, and never twice at a time", async () => {
    let [running, most, done] = [0, 0, 0];
    const slow = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 2000));
      running--;
      done++;
    };
    const { want } = throttled(slow, 100);
    want();
    await vi.advanceTimersByTimeAsync(500);
    want();
    want();
    await vi.advanceTimersByTimeAsync(10_000);
    expect([most, done]).toEqual([1, 2]);
  });

  it("is not done any more once it was stopped", async () => {
    let done = 0;
    const { want, stop } = throttled(async () => void done++, 100);
    want();
    stop();
    want();
    await vi.advanceTimersByTimeAsync(1000);
    expect(done).toBe(0);
  });
});
