import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Dashboard, serveDashboard } from "../../src/server/listen.ts";
import { type Row, trialId } from "../../src/studies/index.ts";
import { rowOf, sweep, trialOf } from "../figures/fixture.ts";
import { type MemorySource, memorySource, token } from "../server/fixture.ts";
import { chromiumPath, openBrowser } from "./chromium.ts";

/** For a machine that has other things to do. */
const patience = { timeout: 20_000 };

/** JR at three strengths, of which the strongest collapses, and whose weakest is suspect; a third seed has JR 0.1 alone. */
function storyRows(): Row[] {
  const trend = { kind: "jr", strengths: [0.01, 0.1, 1], source: -0.05, robust: 0.1, target: 0.03, collapsesAt: 1 };
  const health = { verdict: "suspect" as const, flags: ["one to doubt"], examples: 100, checks: [] };
  // As robust at every seed, so that the test examples' noise is wider than what sets the seeds apart.
  const accuracy = { value: 0.42, n: 500 };
  const rows = sweep([trend], [0, 1]).map((row) => {
    const strength = row.trial.methods[0]?.strength;
    const change = strength === 0.01 ? { health } : strength === 0.1 ? { accuracy } : {};
    return { ...row, robust: { ...row.robust, ...change } };
  });
  const lone = rowOf(trialOf([{ kind: "jr", strength: 0.1 }], 2), { source: 0.6, robust: 0.42, target: 0.9 });
  return [...rows, lone];
}

describe.skipIf(!chromiumPath)("views in Chromium (left out where there is none)", () => {
  const rows = storyRows();
  const running = trialOf([], 3);
  let source: MemorySource;
  let dashboard: Dashboard;
  let browser: Browser;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    source = memorySource("tiny", [...rows.map(({ trial }) => trial), running], rows);
    dashboard = await serveDashboard(source, { version: "1", port: 0, token });
    ({ browser, page, complaints } = await openBrowser(patience.timeout));
    await page.goto(dashboard.address);
    await page.waitForSelector(".scatter svg");
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await dashboard.close();
  });

  const at = (place: string) => page.goto(`${new URL(dashboard.address).origin}/#/${place}`);
  const text = (selector: string) => page.locator(selector).first().innerText();

  it("hears of changes from a stream that cannot be iterated, as Safari's cannot", async () => {
    expect(await page.evaluate(() => Symbol.asyncIterator in ReadableStream.prototype)).toBe(false);
    await page.waitForSelector(".live-mark.live");
    source.live.event({ kind: "started", trialId: trialId(running), trial: running, attempt: 1, pid: 7 });
    await page.waitForSelector(".status-line >> text=1 running");
  });

  it("lets a curve grow while the trial trains, however often it is told of steps", async () => {
    const id = trialId(running);
    const numbers = { epochs: 1, steps: 100_000, loss: 2, accuracy: 0.5, imagesPerSecond: 900, secondsLeft: 7 };
    let step = 0;
    const training = setInterval(
      () =>
        source.live.event({ kind: "event", trialId: id, event: { kind: "step", epoch: 1, step: ++step, ...numbers } }),
      25,
    );
    try {
      await at(`tiny/trial/${id}`);
      await page.waitForSelector(".line-chart path.curve", { state: "attached" });
      const points = async () =>
        (await page.locator(".line-chart path.curve").first().getAttribute("d"))?.split("L").length ?? 0;
      const [before, steps] = [await points(), step];
      await expect.poll(points, patience).toBeGreaterThan(before + 40);
      // Each step is a point up to 200 of them, so it was asked for meanwhile and not at a pause of the steps.
      expect(step).toBeGreaterThan(steps + 40);
    } finally {
      clearInterval(training);
    }
  });

  it("has one trend for the Strength tab and for the claims, with what collapsed said and marked, and what is suspect", async () => {
    await at("tiny/study?tab=strength&y=robust");
    // A process of low priority judges, which a busy machine lets wait.
    await page.waitForSelector(".rho >> text=without 2 collapsed", { timeout: 120_000 });
    // Vanilla, JR 0.01 and 0.1 rise at both seeds: 2 of 6 x 6 orders.
    expect(await text(".rho")).toMatch(/ρ = 1\.00[\s\S]*p = 0\.056/);
    const strokes = (selector: string) => page.locator(`.strength-grid svg ${selector}`).count();
    // The ring about JR 0.01; the cross in JR 1, which is hollow.
    expect(await strokes('path[stroke="#d0342c"][stroke-dasharray="3,2"]')).toBe(1);
    expect(await strokes('path[fill="#ffffff"][stroke="#0072B2" i]')).toBe(1);
    await page.click(".tabs >> text=Claims");
    await page.waitForSelector(".verdicts", { timeout: 120_000 });
    expect(await text(".claims tr:has-text('jr'):has-text('3') >> nth=-1")).toContain("0.056");
  });

  it("draws no chart anew for who points at a method", async () => {
    await at("tiny/study");
    await page.waitForSelector(".scatter svg");
    await page.locator(".scatter svg").evaluate((svg) => svg.setAttribute("data-first", ""));
    await page.hover(".legend button >> nth=1");
    await page.waitForSelector("tr.focused");
    expect(await page.locator(".scatter svg[data-first]").count()).toBe(1);
  });

  it("says of each axis what its bars are", async () => {
    await at("tiny/study?y=tau&x=robust");
    await page.waitForFunction(() => document.querySelector(".caption")?.textContent?.includes("Transfer loss"));
    const caption = await text(".caption");
    expect(caption).toContain(
      "Bars of Transfer loss τ: 95 % intervals, Student's t over 2–3 seeds; of Robust accuracy: ",
    );
    expect(caption).toMatch(/of Robust accuracy: .*Student's t over 2 seeds, or the test examples' sampling noise/);
  });

  it("counts the seeds that a mean is of", async () => {
    await at("tiny/runs?group=method");
    await page.waitForSelector(".line:not(.head) >> text=JR 0.1");
    const cell = page.locator('.line:not(.head):has-text("JR 0.1") [title="the mean of 2 of 3"]');
    // DT Acc of the third seed has no vanilla to be read beside.
    expect(await cell.count()).toBe(1);
    await page.waitForSelector('.line:has-text("vanilla") >> text=2 of 3');
  });

  it("fills the strip of numbers at any width", async () => {
    await at("tiny/queue");
    await page.waitForSelector(".number-card");
    for (const width of [1280, 1024, 900, 700, 390]) {
      await page.setViewportSize({ width, height: 800 });
      const [right, last] = await page.evaluate(() => {
        const edge = (element: Element | null | undefined) => Math.round(element?.getBoundingClientRect().right ?? 0);
        return [edge(document.querySelector(".numbers")), edge([...document.querySelectorAll(".number-card")].at(-1))];
      });
      expect(Math.abs((right ?? 0) - (last ?? 0)), `${width}`).toBeLessThanOrEqual(1);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it("Esc that closes an explanation leaves the trial open, the next one leaves it", async () => {
    await at("tiny/runs");
    await page.click('.line:not(.head) a:has-text("JR 0.01") >> nth=0');
    await page.waitForSelector(".trial-head h2 >> text=JR 0.01");
    await page.focus(".number-card .explained");
    await page.waitForSelector("[role=tooltip]");
    await page.keyboard.press("Escape");
    await page.waitForSelector("[role=tooltip]", { state: "detached" });
    expect(await text(".trial-head h2")).toContain("JR 0.01");
    await page.keyboard.press("Escape");
    await page.waitForSelector(".runs-view");
  });

  it("says of a study that is not here that it is not, each time that one asks", async () => {
    for (let i = 0; i < 2; i++) {
      await at("other/study");
      await page.waitForSelector(".empty >> text=expected one of tiny");
      await page.click("text=See all studies");
      await page.waitForSelector(".study-card");
    }
    await at("My%20Study/study");
    await page.waitForSelector('.empty >> text=digits and dashes), got "My Study"');
    await at("%zz/study");
    await page.waitForSelector('.empty >> text=got "%zz"');
  });

  it("tells what became of a file that could not be saved from the palette", async () => {
    await at("tiny/study");
    await page.waitForSelector(".scatter svg");
    await page.route("**/export/**", (route) => route.fulfill({ status: 500, json: { error: "no such luck" } }));
    await page.keyboard.press("Control+k");
    await page.waitForSelector("dialog input:focus");
    await page.keyboard.type("save every trial");
    await page.waitForSelector('dialog [aria-selected="true"] >> text=Save: Every trial');
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog .problem >> text=no such luck");
    await page.keyboard.press("Escape");
    await page.unroute("**/export/**");
  });

  // The one address that any Linux has, that no other machine reaches, and that is not the usual loopback.
  it.skipIf(process.platform !== "linux")(
    "says that a server refuses, not that it is gone, to who lacks its token",
    async () => {
      const guarded = await serveDashboard(source, { version: "1", port: 0, token, host: "127.0.0.2" });
      const stranger = await browser.newPage();
      for (const place of ["", "#/tiny/study"]) {
        await stranger.goto(`http://127.0.0.2:${guarded.port}/${place}`);
        await stranger.waitForSelector(".empty >> text=The server refuses");
        await stranger.waitForSelector(".empty >> text=token is needed");
        expect(await stranger.locator(".connection").count()).toBe(0);
      }
      await stranger.close();
      await guarded.close();
    },
  );

  it("all of it without a complaint of the browser's", () => expect(complaints).toEqual([]));
});
