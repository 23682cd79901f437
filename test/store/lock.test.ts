import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockFolder, ownerOf, refusal } from "../../src/store/lock.ts";
import { newFolder } from "../datasets/samples.ts";

const door = { port: 5, token: "key", version: 2 };

test("a folder has one holder at a time, and its owner's name is there while it is held", async () => {
  const folder = newFolder();
  const { emitWarning } = process;
  const lock = lockFolder(folder);
  expect(lock).toBeDefined();
  expect(lockFolder(folder)).toBeUndefined();
  expect(process.emitWarning).toBe(emitWarning);
  const owner = await ownerOf(folder);
  expect(owner).toMatchObject({ pid: process.pid, host: hostname() });
  expect(owner?.door).toBeUndefined();
  lock?.announce(door);
  expect((await ownerOf(folder))?.door).toEqual(door);
  lock?.release();
  expect(existsSync(join(folder, "owner.json"))).toBe(false);
  lock?.release();
  const next = lockFolder(folder);
  expect(next).toBeDefined();
  next?.release();
});

test.skipIf(process.platform === "win32")(
  "the owner's file, which holds the key to its door, is for no one else's eyes",
  () => {
    const folder = newFolder();
    const lock = lockFolder(folder);
    lock?.announce(door);
    expect(statSync(join(folder, "owner.json")).mode & 0o777).toBe(0o600);
    expect(
      readdirSync(folder)
        .sort()
        .filter((name) => name.startsWith("owner")),
    ).toEqual(["owner.json"]);
    lock?.release();
  },
);

test("an owner of another machine is told with its name; a half-written file names no one", async () => {
  const folder = newFolder();
  const owner = { pid: 1, host: "elsewhere", since: "2026-11-22T12:00:00.000Z" };
  writeFileSync(join(folder, "owner.json"), JSON.stringify(owner));
  expect(await ownerOf(folder)).toEqual(owner);
  expect(refusal(folder, owner).message).toContain("got process 1 on elsewhere holding it");
  expect(refusal(folder, { ...owner, host: hostname() }).message).toContain("got process 1 holding it");
  writeFileSync(join(folder, "owner.json"), "{");
  expect(await ownerOf(folder)).toBeUndefined();
  expect(refusal(folder, undefined).message).toContain("got another process holding it");
});

test("a dead owner's name is read again, since a new owner may be about to write its own", async () => {
  const folder = newFolder();
  const { pid = 0 } = spawnSync(process.execPath, ["--version"]);
  const owner = (of: number) => JSON.stringify({ pid: of, host: hostname(), since: "2026-11-22T12:00:00.000Z" });
  writeFileSync(join(folder, "owner.json"), owner(pid));
  const found = ownerOf(folder);
  writeFileSync(join(folder, "owner.json"), owner(process.pid));
  expect(await found).toMatchObject({ pid: process.pid });
});
