import { createHash } from "node:crypto";
import { existsSync, openSync, readSync } from "node:fs";
import { open, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import {
  diskError,
  InputError,
  identity,
  makeFolder,
  moveInPlace,
  onDisk,
  removeAbandoned,
  temporaryName,
  writeWhole,
} from "../../base/index.ts";
import type { PixelReader } from "../images.ts";
import { type DecodeOptions, decodeOnThreads } from "./decode-threads.ts";
import type { ImageList } from "./image-list.ts";

/** A list's images, decoded and kept in one file. */
export interface DecodedList {
  /** Entry i of the list is image i, also where it could not be decoded (it is zeros then). */
  readonly pixels: PixelReader;
  readonly corrupt: readonly { readonly index: number; readonly reason: string }[];
  /** Of the pixels: equal images, equal digest. */
  readonly digest: string;
}

export interface CacheOptions extends DecodeOptions {
  readonly cacheDir: string;
  readonly onProgress?: (images: number, of: number) => void;
}

/** Changes when the same files would decode to other pixels. */
const rule = "@napi-rs/image 1.15, fitSquare 1";

const headSchema = z.strictObject({
  images: z.int(),
  side: z.int(),
  digest: z.string(),
  corrupt: z.array(z.strictObject({ index: z.int(), reason: z.string() })),
});

/**
 * The list's images as 3 x side x side bytes each, in a file below `cacheDir`/decoded: decoded once, image by image, and
 * read from there in batches ever after, so that memory does not grow with their number. Its name is a digest of the
 * names, labels, sizes and times of change of the image files, the side and the rule of decoding: a changed folder is
 * decoded anew. Two processes may do this at once.
 */
export async function decodedList(list: ImageList, options: CacheOptions): Promise<DecodedList> {
  const { side, cacheDir } = options;
  const path = join(cacheDir, "decoded", await digestOf(list, side));
  const size = 3 * side * side;
  const head = (await readHead(path, list.entries.length * size)) ?? (await decodeTo(path, list, options));
  return { pixels: fileReader(`${path}.u8`, size), corrupt: head.corrupt, digest: head.digest };
}

async function digestOf({ entries, classes }: ImageList, side: number): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([rule, side, classes]));
  const versions = new Map<string, string>();
  for (const { name, label, file, range } of entries) {
    let version = versions.get(file);
    if (version === undefined) {
      version = await versionOf(file);
      // Members of an archive share its file; images that are files do not come twice.
      if (range) versions.set(file, version);
    }
    hash.update(JSON.stringify([name, label, version, range?.offset, range?.bytes]));
  }
  return hash.digest("hex").slice(0, 32);
}

async function versionOf(file: string): Promise<string> {
  try {
    const { size, mtimeMs } = await stat(file);
    return `${size} ${mtimeMs}`;
  } catch (cause) {
    throw diskError("read", file, cause);
  }
}

async function readHead(path: string, bytes: number) {
  const found = await stat(`${path}.u8`).catch(() => undefined);
  if (found?.size !== bytes || !existsSync(`${path}.json`)) return undefined;
  const parsed = headSchema.safeParse(JSON.parse(await readFile(`${path}.json`, "utf8")));
  return parsed.success ? parsed.data : undefined;
}

async function decodeTo(path: string, list: ImageList, options: CacheOptions) {
  const { side, onProgress } = options;
  const images = list.entries.length;
  const temporary = temporaryName(path);
  const corrupt: { index: number; reason: string }[] = [];
  const digests: [first: number, digest: string][] = [];
  let done = 0;
  const pixelFile = `${path}.u8`;
  await onDisk(pixelFile, () => makeFolder(dirname(path)));
  await removeAbandoned(dirname(path));
  const handle = await onDisk(pixelFile, () => open(temporary, "wx"));
  try {
    await decodeOnThreads(list.entries, options, async ({ first, pixels, failures, digest }) => {
      const offset = first * 3 * side * side;
      for (let at = 0; at < pixels.length; )
        at += (await onDisk(pixelFile, () => handle.write(pixels, at, pixels.length - at, offset + at))).bytesWritten;
      corrupt.push(...failures.map(({ index, reason }) => ({ index: first + index, reason })));
      digests.push([first, digest]);
      done += pixels.length / (3 * side * side);
      onProgress?.(done, images);
    });
    await onDisk(pixelFile, () => handle.sync());
    await handle.close();
    await onDisk(pixelFile, () => moveInPlace(temporary, pixelFile));
  } catch (cause) {
    await handle.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw cause;
  }
  corrupt.sort((a, b) => a.index - b.index);
  digests.sort(([a], [b]) => a - b);
  const head = { images, side, digest: identity(digests.map(([, digest]) => digest)), corrupt };
  await writeWhole(`${path}.json`, Buffer.from(JSON.stringify(head)));
  return head;
}

/** Reads images of `size` bytes each from a file that stays open for as long as this process lives. */
function fileReader(path: string, size: number): PixelReader {
  const descriptor = descriptorOf(path);
  return {
    read(index, out, at) {
      for (let done = 0; done < size; ) {
        const read = readSync(descriptor, out, at + done, size - done, index * size + done);
        if (read === 0) throw new InputError(`${path}: expected image ${index} of ${size} bytes, got ${done} of them`);
        done += read;
      }
    },
  };
}

/** By path. A file's name is a digest of what is in it, so one that is open stays right. */
const descriptors = new Map<string, number>();

function descriptorOf(path: string): number {
  try {
    const descriptor = descriptors.get(path) ?? openSync(path, "r");
    descriptors.set(path, descriptor);
    return descriptor;
  } catch (cause) {
    throw diskError("read", path, cause);
  }
}
