import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { randomStream } from "../../src/base/index.ts";

test("a process killed amid its writes leaves the last whole file, or the one that was just under way", async () => {
  const folder = mkdtempSync(join(tmpdir(), "carryover-write-"));
  const path = join(folder, "state.bin");
  const stream = randomStream(3);
  try {
    for (let round = 0; round < 8; round++) {
      const writer = spawn(process.execPath, [join(import.meta.dirname, "whole-writer.ts"), path], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let said = "";
      writer.stdout.on("data", (text) => {
        said += text;
      });
      await once(writer.stdout, "data");
      await wait(stream.below(60));
      writer.kill("SIGKILL");
      await once(writer, "close");
      const acknowledged = Number(said.trimEnd().split("\n").at(-1));
      const bytes = readFileSync(path);
      const byte = bytes[0] ?? 0;
      expect([acknowledged, (acknowledged % 250) + 1]).toContain(byte);
      expect(bytes.length).toBe(1_000_000 + byte);
      expect(bytes.every((each) => each === byte)).toBe(true);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 120_000);
