import { fork } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { chromium } from "playwright-core";
import { serveDashboard } from "../src/server/listen.ts";
import { builtFromSources } from "../src/server/page.ts";
import { type Trial, trialId } from "../src/studies/index.ts";
import { rowOf, trialOf } from "../test/figures/fixture.ts";
import { memorySource } from "../test/server/fixture.ts";
import { watchedTrials } from "./dashboard-trial.ts";

/**
 * What the dashboard costs a run, and how quick its page is, with 5,000 trials of which 8 train, each telling of 10 steps
 * a second: the CPU that 100 watchers add, the memory after an hour of events, first paint, and the filter's answer. Then
 * what 100 watchers add to the time of real trials (CIFAR-10 and MNIST must be there; some minutes).
 * Prints one JSON value. `npm run bench:dashboard [pairs of real runs, default 2]`, on a quiet machine.
 */
const trials = 5000;
/** Each at four strengths; with vanilla 49 trials a seed. */
const kinds = ["jr", "wd", "blur", "rescale", "noise", "at", "trades", "llr", "llot", "spectral", "rotation", "erase"];
const running = 8;
const seconds = 10;
const watchers = 100;

if (process.argv[2] === "watch") await watch(process.argv[3] ?? "", process.argv[4] ?? "large");
else await main();

/** The child: reads the stream as 100 pages would, and so keeps their work out of what is measured. */
async function watch(address: string, study: string): Promise<void> {
  const read = async () => {
    try {
      const { body } = await fetch(`${address}api/studies/${study}/events`);
      for await (const part of body ?? []) void part;
    } catch {
      // The run is over.
    }
  };
  for (let i = 0; i < watchers; i++) void read();
}

async function main(): Promise<void> {
  await builtFromSources();
  const all: Trial[] = Array.from({ length: trials }, (_, i) => {
    const [seed, place] = [Math.floor(i / 49), i % 49];
    const kind = kinds[Math.floor((place - 1) / 4)];
    return kind === undefined ? trialOf([], seed) : trialOf([{ kind, strength: 1 + (place % 4) }], seed);
  });
  const rows = all.slice(running).map((trial, i) => {
    return rowOf(trial, { source: 0.5 + (i % 97) / 500, robust: 0.2 + (i % 89) / 400, target: 0.6 + (i % 83) / 300 });
  });
  const source = memorySource("large", all, rows);
  const live = all.slice(0, running);
  const dashboard = await serveDashboard(source, { version: "bench", port: 0 });
  const address = dashboard.address.split("#")[0] ?? "";
  for (const trial of live) source.live.event({ kind: "started", trialId: trialId(trial), trial, attempt: 1, pid: 1 });
  let step = 0;
  const tell = () => {
    step++;
    for (const trial of live) {
      const event = {
        epoch: 1,
        epochs: 1,
        step,
        steps: 1e6,
        loss: 1,
        accuracy: 0.5,
        imagesPerSecond: 1000,
        secondsLeft: 1,
      };
      source.live.event({ kind: "event", trialId: trialId(trial), event: { kind: "step", ...event } });
    }
  };
  await (await fetch(`${address}api/studies/large`)).text();
  const alone = await cpuSeconds(tell);
  const child = fork(import.meta.filename, ["watch", address]);
  await wait(3000);
  const watched = await cpuSeconds(tell);
  const before = memory();
  for (let i = 0; i < 36_000; i++) {
    tell();
    if (i % 5 === 0) await wait(0);
  }
  await wait(1500);
  const after = memory();
  child.kill();
  await wait(500);
  const page = await pageTimes(address);
  await dashboard.close();
  const real = await watchedTrials(Number(process.argv[2] ?? 2));
  const result = {
    trials,
    cpuOfTheServer: {
      seconds,
      alone,
      withWatchers: watched,
      watchers,
      addedShareOfOneCore: (watched - alone) / seconds,
    },
    heapMegabytes: { before, afterAnHourOfEvents: after },
    page,
    realTrials: { watchers, ...real },
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** CPU seconds of this process while events are told for `seconds`. */
async function cpuSeconds(tell: () => void): Promise<number> {
  const began = process.cpuUsage();
  for (let i = 0; i < 10 * seconds; i++) {
    tell();
    await wait(100);
  }
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1e6;
}

function memory(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}

/** First paint, the table's first line, and how long each key of a filter takes until the frame that shows it. */
async function pageTimes(address: string) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  try {
    const study = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await study.goto(`${address}#/large/study`);
    await study.waitForSelector(".scatter svg", { timeout: 60_000 });
    const figure = await study.evaluate(() => ({
      firstPaintMs: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
      figureMs: performance.now(),
    }));
    await study.close();
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(`${address}#/large/runs`);
    await page.waitForSelector(".line:not(.head)", { timeout: 60_000 });
    const opened = await page.evaluate(() => ({
      firstPaintMs: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
      tableMs: performance.now(),
    }));
    const filterMs = await page.evaluate(async () => {
      const input = document.querySelector<HTMLInputElement>("#filter");
      const times: number[] = [];
      for (const text of ["method:jr", "method:jr strength>2", "/jr [12]/ seed:3", "robust>30 -vanilla", ""]) {
        await new Promise(requestAnimationFrame);
        const began = performance.now();
        if (input) input.value = text;
        input?.dispatchEvent(new InputEvent("input", { bubbles: true }));
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        times.push(performance.now() - began);
      }
      return times;
    });
    return { study: figure, runs: opened, filterMs };
  } finally {
    await browser.close();
  }
}
