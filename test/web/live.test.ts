import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Workplace, workplace } from "../cli/carryover.ts";
import { tinyDataFolder } from "../studies/tiny-data.ts";
import { chromiumPath, dashboardAddress, openBrowser } from "./chromium.ts";

// Processes of their own, which a busy machine lets wait.
vi.setConfig({ testTimeout: 240_000 });

/** For a machine that has other things to do. */
const timeout = 60_000;

/** Real training of four models on small stand-ins: long enough to be met at work, one after the other. */
const sets = [
  ...["methods=blur,jr", "strengths.blur=3,7", "strengths.jr=0.01", "seeds=1", "epochs=60", "batch=8"],
  ...["source.train=40", "source.validation=10", "source.test=30", "target.train=40", "target.validation=10"],
  ...["target.test=40", "attack.steps=2", "attack.examples=10", "attack.health=false", "attack.target=false"],
];

// One story told in order, of trials that really train: each part goes on from where the one before left the page.
describe.skipIf(!chromiumPath)("the queue's buttons, pressed amid a real run (left out without Chromium)", () => {
  const downloads = mkdtempSync(join(tmpdir(), "carryover-downloads-"));
  let complaints: string[];
  let place: Workplace;
  let browser: Browser;
  let page: Page;
  let address: string;
  let running: ReturnType<Workplace["start"]>;
  let data: string;

  beforeAll(async () => {
    ({ browser, page, complaints } = await openBrowser(timeout));
    place = workplace();
    data = tinyDataFolder();
    const words = ["run", "quickstart", "--data", data, "--workers", "1", "--port", "0", "--json"];
    running = place.start([...words, ...sets.flatMap((each) => ["--set", each])], { real: true });
    address = await running.says(dashboardAddress);
  }, 240_000);
  afterAll(async () => {
    await browser.close();
    place.remove();
    rmSync(downloads, { recursive: true, force: true });
  });

  const text = (selector: string) => page.locator(selector).first().innerText();
  const go = (keys: string) =>
    [...keys].reduce((done, key) => done.then(() => page.keyboard.press(key)), page.focus("main"));
  /** The last in line. */
  const last = "JR 0.01";
  const openTrial = async (name: string) => {
    await go("gr");
    await page.click(`.line:not(.head) a:has-text("${name}")`);
    await page.waitForSelector(`.trial-head h2 >> text=${name}`);
  };
  const done = (count: number) =>
    page.waitForFunction((n) => document.querySelector(".status-line")?.textContent?.startsWith(`${n} of 4`), count);

  it("pauses: the trial that runs goes back in line, and no other begins", async () => {
    await page.goto(address);
    await page.waitForSelector("h1");
    await go("gq");
    await page.click("button >> text=Pause");
    await page.waitForSelector("button >> text=Go on");
    await running.says(/its study pauses; it goes on later/);
    await page.waitForFunction(() => {
      const said = document.querySelector(".status-line")?.textContent ?? "";
      return said.includes("paused") && !said.includes("running");
    });
    const begun = () => running.said().match(/"event":"started"/g)?.length;
    const before = begun();
    await page.waitForTimeout(1500);
    expect(begun()).toBe(before);
  });

  it("cancels a trial that waits, and puts it back in line", async () => {
    await openTrial(last);
    await page.click("button >> text=Cancel");
    await page.waitForSelector(".trial-head .badge >> text=cancelled");
    await page.click("button >> text=Try again");
    await page.waitForSelector(".trial-head .badge >> text=waiting");
  });

  it("goes on where it was told to", async () => {
    await go("gq");
    await page.click("button >> text=Go on");
    await page.waitForSelector(".worker >> text=/vanilla|blur/");
    await expect.poll(() => text(".workers"), { timeout }).toMatch(/[\d,]+ images\/s/);
  });

  it("gives the one that was cancelled and tried again a row like any other", async () => {
    await go("gs");
    await done(4);
    expect((await running.ended).code).toBe(0);
    expect(
      readFileSync(join(place.folder, "results", "quickstart", "rows.csv"), "utf8")
        .trim()
        .split("\n"),
    ).toHaveLength(5);
  }, 240_000);

  it("makes pictures from a trained model, and the report has them inside", async () => {
    const serving = place.start(["serve", "--port", "0", "--json", "--data", data], { real: true });
    await page.goto(await serving.says(dashboardAddress));
    await page.waitForSelector(".scatter svg");
    await expect
      .poll(() => page.locator('.scatter svg path[aria-roledescription="point"]').count(), { timeout })
      .toBe(4);
    await openTrial("blur 3");
    await page.click("text=Make them");
    await page.waitForSelector(".confusion");
    expect(await page.locator(".confusion").count()).toBe(2);
    const cells = await page.locator(".confusion").first().locator("td[title]").allInnerTexts();
    // 30 source test images, each counted once.
    expect(cells.reduce((sum, cell) => sum + Number(cell), 0)).toBe(30);
    await go("gs");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      (async () => {
        await page.click(".top .menu > button");
        await page.getByRole("menuitem", { name: /Report/ }).click();
      })(),
    ]);
    const file = join(downloads, "report.html");
    await download.saveAs(file);
    const trial = page.url().split("#")[0] ?? "";
    expect(readFileSync(file, "utf8")).not.toContain(trial);
    await page.goto(pathToFileURL(file).href);
    await page.click(".tabs >> text=Claims");
    await page.waitForSelector(".verdicts >> text=Robustness is not necessary");
    await openTrial("blur 3");
    await page.waitForSelector(".picture img");
    const widths = () =>
      page
        .locator(".picture img")
        .evaluateAll((images) => images.map((image) => (image as HTMLImageElement).naturalWidth));
    await expect.poll(async () => Math.min(...(await widths())), { timeout }).toBeGreaterThan(30);
    expect(await page.locator(".confusion").count()).toBe(2);
    serving.child.kill("SIGINT");
    await serving.ended;
  }, 180_000);

  it("all of it without a complaint of the browser's", () => expect(complaints).toEqual([]));
});
