import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Workplace, workplace } from "../cli/carryover.ts";
import { tinyDataFolder } from "../studies/tiny-data.ts";
import { uninterrupted } from "./campaign.ts";
import { crashEntry, type Finals, leftBy, tinyStudy, toldBy } from "./lives.ts";

const epochs = 40;

const mount = (disk: string, size: string) =>
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", disk], { stdio: "pipe" });
const unmount = (disk: string) => execFileSync("umount", ["--lazy", disk]);

function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "carryover-disk-"));
  try {
    mount(folder, "1m");
    unmount(folder);
    return true;
  } catch {
    console.warn("left out, for want of the right to mount a small disk: a disk that fills up");
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes until nothing more fits. */
function fill(disk: string): string {
  const path = join(disk, "filler");
  const file = openSync(path, "w");
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  } finally {
    closeSync(file);
  }
  return path;
}

describe.skipIf(!mayMount())("a disk that fills up amid a run", () => {
  const data = tinyDataFolder();
  const study = (place: Workplace) => tinyStudy(place, "tiny", { epochs, seeds: 1 });
  let wanted: Finals;
  beforeAll(async () => {
    wanted = await uninterrupted(study, data);
  }, 180_000);

  test.each([
    ["with the checkpoints", "artifacts", "50m", /^carryover: cannot write .*: no space is left on the device/],
    ["with the store", ".carryover", "200m", /^carryover: store: .carryover: expected at least 64 MB free on its disk/],
  ])(
    "%s: one sentence, exit code 2; with room again the next run ends at the same models",
    async (_, name, size, words) => {
      const place = workplace();
      const { file, ids } = study(place);
      const disk = join(place.folder, name);
      mkdirSync(disk);
      mount(disk, size);
      const artifacts = join(place.folder, "artifacts");
      const command = ["run", file, "--no-serve", "--json", "--workers", "1", "--artifacts", artifacts];
      const start = () => place.start(command, { entry: crashEntry, environment: { CARRYOVER_DATA: data } });
      try {
        const running = start();
        await running.says(/"event":"epoch"/);
        const filler = fill(disk);
        const stopped = await running.ended;
        expect(stopped.stderr).toMatch(words);
        expect(stopped.stderr.trim().split("\n")).toHaveLength(1);
        expect(stopped.code).toBe(2);
        rmSync(filler);

        const again = start();
        expect((await again.ended).code).toBe(0);
        // What was told to be saved was not trained again.
        const { resumedAt } = toldBy(again);
        for (const [id, epoch] of toldBy(running).saved) expect(resumedAt.get(id) ?? epochs + 1).toBe(epoch + 1);
        const left = await leftBy(join(place.folder, ".carryover"), ids);
        expect(left).toEqual({ duplicates: 0, missing: 0, finals: wanted });
      } finally {
        unmount(disk);
        place.remove();
      }
    },
    180_000,
  );
});
