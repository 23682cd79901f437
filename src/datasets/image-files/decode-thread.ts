import { readFileSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { digestBytes, diskError, InputError } from "../../base/index.ts";
import { fitSquare } from "../resize.ts";
import { decodeImage } from "./decode-image.ts";
import type { ImageEntry } from "./image-list.ts";
import { type OpenArchive, openArchive, unpacked } from "./members.ts";

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

/** Why images could not be read at all, which says nothing of whether they are damaged. */
export interface Refused {
  readonly refused: string;
}

/** The archive that was read last stays open: its members come one after the other. */
let open: { readonly file: string; readonly archive: OpenArchive } | undefined;

/** The bytes as they are stored. Throws InputError when they cannot be read. */
function readEntry({ file, range }: ImageEntry): Uint8Array {
  try {
    if (!range) return readFileSync(file);
    if (open?.file !== file) {
      open?.archive.close();
      open = { file, archive: openArchive(file) };
    }
    return open.archive.read(range.offset, range.bytes);
  } catch (cause) {
    throw diskError("read", file, cause);
  }
}

function answer({ entries, side }: Question): Answered {
  const size = 3 * side * side;
  const pixels = new Uint8Array(entries.length * size);
  const failures: { index: number; reason: string }[] = [];
  for (const [index, entry] of entries.entries()) {
    const stored = readEntry(entry);
    try {
      const image = decodeImage(unpacked(stored, entry.range));
      fitSquare(image.pixels, image.layout, side, pixels, index * size);
    } catch (cause) {
      failures.push({ index, reason: cause instanceof Error ? cause.message : String(cause) });
    }
  }
  return { pixels, failures, digest: digestBytes(pixels) };
}

parentPort?.on("message", (question: Question) => {
  try {
    const answered = answer(question);
    parentPort?.postMessage(answered, [answered.pixels.buffer]);
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    parentPort?.postMessage({ refused: cause.message } satisfies Refused);
  }
});
