import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { inflateRawSync } from "node:zlib";
import { digestBytes } from "../../base/index.ts";
import { fitSquare } from "../resize.ts";
import { decodeImage } from "./decode-image.ts";
import type { ByteRange, ImageEntry } from "./image-list.ts";

/** A batch of images to decode, and how large. */
export interface Question {
  readonly entries: readonly ImageEntry[];
  readonly side: number;
}

export interface Answered {
  /** [entries, 3, side, side]; zeros for an image that failed. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly failures: readonly { readonly index: number; readonly reason: string }[];
  /** SHA-256 of the pixels. */
  readonly digest: string;
}

/** The archive that was read last stays open: its members come one after the other. */
let open: { readonly file: string; readonly descriptor: number } | undefined;

function readRange(file: string, { offset, bytes, deflated }: ByteRange): Uint8Array {
  if (open?.file !== file) {
    if (open) closeSync(open.descriptor);
    open = { file, descriptor: openSync(file, "r") };
  }
  const stored = new Uint8Array(bytes);
  let done = 0;
  while (done < bytes) {
    const read = readSync(open.descriptor, stored, done, bytes - done, offset + done);
    if (read === 0) throw new Error(`cut short: expected ${bytes} bytes, got ${done}`);
    done += read;
  }
  return deflated ? inflateRawSync(stored) : stored;
}

function answer({ entries, side }: Question): Answered {
  const size = 3 * side * side;
  const pixels = new Uint8Array(entries.length * size);
  const failures: { index: number; reason: string }[] = [];
  for (const [index, { file, range }] of entries.entries()) {
    try {
      const image = decodeImage(range ? readRange(file, range) : readFileSync(file));
      fitSquare(image.pixels, image.layout, side, pixels, index * size);
    } catch (cause) {
      failures.push({ index, reason: cause instanceof Error ? cause.message : String(cause) });
    }
  }
  return { pixels, failures, digest: digestBytes(pixels) };
}

parentPort?.on("message", (question: Question) => {
  const answered = answer(question);
  parentPort?.postMessage(answered, [answered.pixels.buffer]);
});
