import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const watcher = fileURLToPath(new URL("./dashboard.ts", import.meta.url));

/** Two real trials, vanilla and blur 3, by one worker, as the quickstart trains them. */
const words = ["run", "quickstart", "--workers", "1", "--port", "0", "--json", "--fresh"];
const sets = ["methods=blur", "strengths.blur=3", "seeds=1", "attack.health=false", "attack.target=false"];

/**
 * What 100 watchers add to the time of real trials: runs without and with them, by turns, `pairs` of each. They read the
 * run's stream from a process of their own on the same machine, so their own work counts too where cores are few.
 */
export async function watchedTrials(pairs: number) {
  const alone: number[] = [];
  const watched: number[] = [];
  for (let pair = 0; pair < pairs; pair++)
    for (const withWatchers of pair % 2 === 0 ? [false, true] : [true, false])
      (withWatchers ? watched : alone).push(await trialSeconds(withWatchers));
  const added = alone.map((seconds, i) => (watched[i] ?? Number.NaN) / seconds - 1);
  return { secondsAlone: alone, secondsWatched: watched, addedShares: added };
}

/** Seconds that the two trials took, from their own rows. */
async function trialSeconds(withWatchers: boolean): Promise<number> {
  const cwd = mkdtempSync(join(tmpdir(), "carryover-bench-"));
  const run = spawn(process.execPath, [cli, ...words, ...sets.flatMap((each) => ["--set", each])], {
    cwd,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(run, "exit");
  let watching: ReturnType<typeof fork> | undefined;
  let seconds = 0;
  try {
    for await (const line of createInterface({ input: run.stdout })) {
      const said = JSON.parse(line) as { event?: string; address?: string; row?: { seconds: Record<string, number> } };
      if (said.event === "dashboard" && said.address && withWatchers)
        watching = fork(watcher, ["watch", said.address.split("#")[0] ?? "", "quickstart"]);
      if (said.event === "finished")
        seconds += Object.values(said.row?.seconds ?? {}).reduce((sum, each) => sum + each, 0);
    }
    const [code] = await ended;
    if (code !== 0) throw new Error(`the run of the benchmark ended with ${code}`);
    return seconds;
  } finally {
    run.kill();
    watching?.kill();
    rmSync(cwd, { recursive: true, force: true });
  }
}
