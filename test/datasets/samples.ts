import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import type { DataFile, DatasetDefinition } from "../../src/datasets/index.ts";

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A new empty folder in the system's folder for temporary files, removed when the test file is done. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "carryover-datasets-"));
  made.push(folder);
  return folder;
}

/** Writes a file, making its folders, and returns its path. */
export function put(path: string, bytes: Uint8Array | string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return path;
}

export const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

/** An idx file of unsigned bytes. */
export function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = 8;
  header[3] = shape.length;
  shape.forEach((length, i) => {
    header.writeUInt32BE(length, 4 + 4 * i);
  });
  return Uint8Array.from([...header, ...data]);
}

/** `n` CIFAR-10 records, labels 0 1 2 ... 9 0 ..., all pixels of image i equal to i. */
export function cifarRecords(n: number): Uint8Array {
  const out = new Uint8Array(n * 3073);
  for (let i = 0; i < n; i++) {
    out.fill(i, i * 3073, (i + 1) * 3073);
    out[i * 3073] = i % 10;
  }
  return out;
}

/** Bytes without a pattern that a shift or a compressor could find. */
export const noise = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => {
    const mixed = Math.imul(i + 1, 0x9e3779b1);
    return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca77) >>> 24;
  });

/** A dataset of one train file and one test file of plain bytes; an image is one grey pixel and its own label 0. */
export function tinyDefinition(
  train: Uint8Array,
  test: Uint8Array,
  sources: DatasetDefinition["sources"],
  gzip?: { readonly train: DataFile["gzip"]; readonly test: DataFile["gzip"] },
): DatasetDefinition {
  return {
    name: "tiny",
    title: "Tiny",
    description: "for tests",
    classes: ["only"],
    licence: "none",
    homepage: "http://localhost/",
    folders: ["tiny-official"],
    files: [
      { name: "train.bin", split: "train", bytes: train.length, md5: md5(train), gzip: gzip?.train },
      { name: "test.bin", split: "test", bytes: test.length, md5: md5(test), gzip: gzip?.test },
    ],
    sources,
    decode: ([file]) => {
      const pixels = file?.bytes ?? new Uint8Array();
      return { pixels, shape: [pixels.length, 1, 1, 1], labels: new Int32Array(pixels.length) };
    },
  };
}
