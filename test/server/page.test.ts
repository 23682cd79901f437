import { describe, expect, it, vi } from "vitest";
import { type PageState, pageOf } from "../../src/server/page.ts";
import { appOf, ask, memorySource, tiny, tinyPage } from "./fixture.ts";

describe("a page that is built", () => {
  it("and cannot be is said once, shown to who asks, and tried again after a pause", async () => {
    const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    let now = 0;
    const outcomes: (() => Promise<PageState>)[] = [
      async () => Promise.reject(new Error("the page could not be built: no vite")),
      async () => ({ state: "ready", files: tinyPage() }),
    ];
    let builds = 0;
    const make = () => outcomes[builds++]?.() ?? Promise.reject(new Error("built too often"));
    const page = pageOf(make, async () => true, { pauseMs: 1000, now: () => now });
    const app = appOf(memorySource("tiny", tiny.trials, tiny.finished), { page });
    try {
      for (let i = 0; i < 3; i++) {
        const response = await ask(app, "/");
        expect([response.status, await response.text()]).toEqual([503, "the page could not be built: no vite"]);
      }
      const report = await ask(app, "/api/studies/tiny/report.html");
      expect([report.status, (await report.json()).error]).toEqual([503, "the page could not be built: no vite"]);
      expect(builds).toBe(1);
      expect(said.mock.calls).toEqual([["dashboard: the page could not be built: no vite\n"]]);
      now = 1000;
      expect((await ask(app, "/")).status).toBe(200);
      expect(builds).toBe(2);
    } finally {
      said.mockRestore();
      app.close();
    }
  });

  it("is not waited for, unless it is there already", async () => {
    const never = pageOf(
      () => new Promise(() => {}),
      async () => false,
    );
    expect(await never()).toEqual({ state: "building" });
    expect(await never()).toEqual({ state: "building" });
  });
});
