import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { builtFromSources } from "../../src/server/page.ts";

/** The system's Chromium, or the one that `CHROMIUM` names; undefined where there is none. */
export const chromiumPath = [process.env.CHROMIUM ?? "", "/usr/bin/chromium", "/usr/bin/chromium-browser"].find(
  (path) => path !== "" && existsSync(path),
);

/** The address, token and all, that a run or a server with `--json` prints. */
export const dashboardAddress = /http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+/;

export interface OpenedBrowser {
  readonly browser: Browser;
  readonly page: Page;
  /** What the browser complained of: a broken script, a breach of the security policy. */
  readonly complaints: string[];
}

/** A browser with one page, which waits at most `timeout` ms for what it is told to find; the dashboard is built first. */
export async function openBrowser(timeout: number, context: BrowserContextOptions = {}): Promise<OpenedBrowser> {
  await builtFromSources();
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
  const page = await browser.newPage({
    viewport: { width: 1280, height: 800 },
    colorScheme: "light",
    reducedMotion: "reduce",
    ...context,
  });
  page.setDefaultTimeout(timeout);
  // What Safari lacks, the page must do without.
  await page.addInitScript(() => {
    Reflect.deleteProperty(ReadableStream.prototype, Symbol.asyncIterator);
    Reflect.deleteProperty(ReadableStream.prototype, "values");
  });
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // A server that is away is told by the browser too, which is as it should be.
    if (message.type() === "error" && !/Failed to load resource|ERR_/.test(message.text()))
      complaints.push(message.text());
  });
  return { browser, page, complaints };
}
