import { readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { pngQuantize } from "@napi-rs/image";
import type { Page } from "playwright-core";
import { workplace } from "../cli/carryover.ts";
import { dashboardAddress, openBrowser } from "./chromium.ts";

/**
 * The quickstart's figure and the dashboard's pictures in docs/, of a real run: `npm run docs:screenshots`, some minutes. With a
 * folder, `npm run docs:screenshots -- DIR`: of the quickstart that was run to its end there, all but the one of its queue at work.
 */
const docs = join(import.meta.dirname, "../../docs");
const dot = '.scatter svg path[aria-roledescription="point"]';

interface Picture {
  readonly name: string;
  /** Where in the dashboard. */
  readonly at: string;
  /** What must be there. */
  readonly shows: string;
  readonly height?: number;
  readonly dark?: boolean;
  /** Done before it is taken. */
  readonly act?: (page: Page) => Promise<unknown>;
}

/** Of a study that is finished; `id` gives a trial's id by its label and seed. */
const finished = (id: (label: string, seed: number) => string): readonly Picture[] => [
  { name: "study", at: "study", shows: dot, height: 850 },
  { name: "strength", at: "study?tab=strength", shows: ".strength-grid svg", height: 700 },
  { name: "claims", at: "study?tab=claims", shows: ".verdicts", height: 760 },
  { name: "runs", at: "runs", shows: ".line:not(.head)", height: 640, dark: true },
  { name: "trial", at: `trial/${id("JR 0.01", 0)}`, shows: ".trial-head", height: 1160, act: makePictures },
  {
    name: "compare",
    at: `compare?pick=${[id("vanilla", 0), id("JR 0.1", 0), id("blur 7", 0)].join(",")}`,
    shows: ".compare-table",
    height: 1080,
  },
];

async function makePictures(page: Page): Promise<void> {
  const [button, made] = [page.locator("text=Make them"), page.locator(".confusion").first()];
  await button.or(made).waitFor();
  if (await button.isVisible()) await button.click();
  await made.waitFor();
}

async function take(page: Page, address: string, { name, at, shows, height = 800, dark, act }: Picture): Promise<void> {
  await page.setViewportSize({ width: 1280, height });
  await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
  await page.goto(`${new URL(address).origin}/#/quickstart/${at}`);
  await page.waitForSelector(shows);
  await act?.(page);
  await page.mouse.move(0, 0);
  // Fonts, pictures and the figure's last frame.
  await wait(1000);
  await save(`dashboard-${name}.png`, await page.screenshot());
}

async function save(name: string, picture: Uint8Array): Promise<void> {
  const png = await pngQuantize(picture, { minQuality: 70, maxQuality: 95 });
  writeFileSync(join(docs, name), png);
  process.stdout.write(`${name}: ${Math.round(png.length / 1024)} KB\n`);
}

const place = workplace();
const { browser, page, complaints } = await openBrowser(120_000);
const [folder] = process.argv.slice(2);
const start = (...words: readonly string[]) =>
  place.start([...words, "--port", "0", "--json"], {
    real: true,
    cwd: folder ?? place.folder,
    environment: {
      CARRYOVER_CACHE: process.env.CARRYOVER_CACHE ?? join(homedir(), ".cache/carryover"),
      CARRYOVER_DATA: process.env.CARRYOVER_DATA ?? "",
    },
  });
try {
  if (folder === undefined) {
    const running = start("run", "quickstart");
    const address = await running.says(dashboardAddress);
    await page.goto(address);
    await page.waitForFunction(
      () => /^[4-9] of /.test(document.querySelector(".status-line")?.textContent ?? ""),
      null,
      {
        timeout: 1_800_000,
      },
    );
    await take(page, address, { name: "queue", at: "queue", shows: ".worker", height: 640 });
    const { code, stderr } = await running.ended;
    if (code !== 0) throw new Error(`the quickstart ended with ${code}: ${stderr}`);
  }
  const serving = start("serve");
  const address = await serving.says(dashboardAddress);
  await page.goto(address);
  await page.waitForSelector("h1");
  const answer = await fetch(`${new URL(address).origin}/api/studies/quickstart`);
  const { trials } = (await answer.json()) as { trials: { id: string; label: string; seed: number }[] };
  const id = (label: string, seed: number) => {
    const trial = trials.find((each) => each.label === label && each.seed === seed);
    if (!trial)
      throw new Error(`no trial ${label} of seed ${seed} among ${trials.map((each) => each.label).join(", ")}`);
    return trial.id;
  };
  await save("quickstart.png", readFileSync(join(folder ?? place.folder, "results/quickstart/figure.png")));
  for (const picture of finished(id)) await take(page, address, picture);
  if (complaints.length > 0) throw new Error(`the browser complained: ${complaints.join("; ")}`);
} finally {
  await browser.close();
  place.remove();
}
