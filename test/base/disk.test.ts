import { chmodSync, readdirSync, readFileSync, utimesSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { diskError, InputError, removeAbandoned, temporaryName, writeWhole } from "../../src/base/index.ts";
import { newFolder, noise, put } from "../datasets/samples.ts";

test("a file is written whole, over an older one, and nothing is left beside it", async () => {
  const path = join(newFolder(), "a", "b.bin");
  await writeWhole(path, Uint8Array.of(1));
  await writeWhole(path, Uint8Array.of(2, 3));
  expect([...readFileSync(path)]).toEqual([2, 3]);
  expect(readdirSync(dirname(path))).toEqual(["b.bin"]);
});

test("of many writers at once one whole file stays", async () => {
  const path = join(newFolder(), "b.bin");
  const versions = Array.from({ length: 8 }, (_, i) => noise(100_000 + i));
  await Promise.all(versions.map((bytes) => writeWhole(path, bytes)));
  const left = readFileSync(path);
  expect(versions.some((bytes) => Buffer.from(bytes).equals(left))).toBe(true);
  expect(readdirSync(dirname(path))).toEqual(["b.bin"]);
});

test("of temporary files those are removed that nobody has written to for a day, and nothing else", async () => {
  const folder = newFolder();
  const [fresh, stale] = [temporaryName(join(folder, "a.bin")), temporaryName(join(folder, "a.bin"))];
  const others = ["b.bin", "notes.tmp", "a.bin.12-0123456g.tmp"].map((name) => join(folder, name));
  for (const path of [fresh, stale, ...others]) put(path, "x");
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
  for (const path of [stale, ...others]) utimesSync(path, hoursAgo(25), hoursAgo(25));
  utimesSync(fresh, hoursAgo(23), hoursAgo(23));
  await removeAbandoned(folder);
  expect(readdirSync(folder).sort()).toEqual([fresh, ...others].map((path) => basename(path)).sort());
  await removeAbandoned(join(folder, "not there"));
});

test("a folder that cannot be made is an InputError naming the path", async () => {
  const file = put(join(newFolder(), "file"), "x");
  const path = join(file, "sub", "b.bin");
  await expect(writeWhole(path, Uint8Array.of(1))).rejects.toThrow(InputError);
  await expect(writeWhole(path, Uint8Array.of(1))).rejects.toThrow(`cannot write ${path}: `);
});

// The superuser may write everywhere, and Windows has no such modes.
test.skipIf(process.platform === "win32" || process.getuid?.() === 0)(
  "a folder that is closed to us is an InputError naming the path",
  async () => {
    const folder = newFolder();
    chmodSync(folder, 0o500);
    const path = join(folder, "b.bin");
    await expect(writeWhole(path, Uint8Array.of(1))).rejects.toThrow(`cannot write ${path}: permission is denied`);
  },
);

test("what the user can mend is said in words; other errors stay as they are", () => {
  const error = (code: string) => Object.assign(new Error(code), { code });
  const message = (code: string) => (diskError("write", "/data/f", error(code)) as Error).message;
  expect(message("ENOSPC")).toBe("cannot write /data/f: no space is left on the device (ENOSPC)");
  expect(message("EROFS")).toBe("cannot write /data/f: the file system is read-only (EROFS)");
  expect(message("EACCES")).toBe("cannot write /data/f: permission is denied (EACCES)");
  const other = error("EBADF");
  expect(diskError("write", "/data/f", other)).toBe(other);
});
