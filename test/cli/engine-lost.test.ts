import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { onednnState } from "../../src/engine/index.ts";
import { loadedLibrary } from "../../src/engine/onednn/verified.ts";
import { tinyDataFolder } from "../studies/tiny-data.ts";
import { workplace } from "./carryover.ts";

const state = await onednnState();
const library = state.usable && state.verified ? loadedLibrary() : undefined;

const words = `run quickstart --set methods=blur --set strengths.blur=3,5 --set seeds=1 --set epochs=1 --set batch=8
  --set source.train=16 --set source.validation=8 --set source.test=8 --set target.train=16 --set target.validation=8
  --set target.test=8 --set attack.steps=1 --set attack.examples=4 --set attack.health=false --set attack.target=false
  --workers 1 --no-serve --json`.split(/\s+/);

/** The processes that a process has started, as Linux tells. */
const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);

test.skipIf(library === undefined)(
  "oneDNN is removed in the middle of a study: the next worker goes on with onnxruntime, and the run says so",
  async () => {
    const place = workplace();
    const folder = mkdtempSync(join(tmpdir(), "carryover-dnnl-"));
    const copy = join(folder, "libdnnl.so");
    copyFileSync(library ?? "", copy);
    try {
      const environment = { CARRYOVER_DATA: tinyDataFolder(), CARRYOVER_ENGINE: "auto", CARRYOVER_ONEDNN: copy };
      const running = place.start(words, { real: true, environment });
      await running.says(/"event":"finished"/);
      rmSync(copy);
      // A worker keeps what it has loaded; its successor looks for the library anew.
      const [worker] = childrenOf(running.child.pid ?? 0);
      process.kill(worker ?? Number.NaN, "SIGKILL");
      const { code, stdout } = await running.ended;
      const events = stdout
        .trim()
        .split("\n")
        .map((line): Record<string, unknown> => JSON.parse(line));
      expect(code).toBe(0);
      expect(events.find(({ event }) => event === "engine")).toMatchObject({
        before: expect.stringMatching(/^oneDNN/),
        now: expect.stringMatching(/^onnxruntime/),
      });
      expect(events.at(-1)).toMatchObject({ event: "done", rows: 3, failed: 0 });
    } finally {
      place.remove();
      rmSync(folder, { recursive: true });
    }
  },
  120_000,
);
