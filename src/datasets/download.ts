import { open, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { makeFolder, moveInPlace, onDisk } from "../base/index.ts";
import { type Checksum, mismatch } from "./checksums.ts";

import { claimPart, releasePart } from "./part-files.ts";

/**
 * A source did not give what it should; the next one is tried. `transient`: asking again may help. `slow`: it gave, but
 * less than was asked for.
 */
export class SourceFailure extends Error {
  override name = "SourceFailure";
  readonly transient: boolean;
  readonly slow: boolean;
  constructor(message: string, options: { transient?: boolean; slow?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.transient = options.transient ?? false;
    this.slow = options.slow ?? false;
  }
}

/** After `afterMs`, a source that has given less than this on average is too slow. */
export interface Patience {
  readonly afterMs: number;
  readonly bytesPerSecond: number;
}

export interface DownloadOptions {
  readonly onBytes?: (bytes: number, total: number | undefined) => void;
  readonly signal?: AbortSignal;
  /** Gives up a slow source; without it any pace is good enough. */
  readonly patience?: Patience;
  /** How long a server may be silent. */
  readonly silenceMs?: number;
  /** Waits before the second, third, ... try after a broken connection. */
  readonly retryAfterMs?: readonly number[];
}

/**
 * Downloads `url` to `file`, which appears only when whole and verified. A download that broke off is continued by a
 * Range request, within this call and by later ones. Makes the folder.
 *
 * Throws SourceFailure when the server does not give these bytes, InputError when they cannot be written, and the
 * signal's reason when it is aborted.
 */
export async function download(
  url: string,
  file: string,
  checksum: Checksum,
  { onBytes, signal, patience, silenceMs = 20_000, retryAfterMs = [500, 2000, 5000] }: DownloadOptions = {},
): Promise<void> {
  const part = await onDisk(file, async () => {
    await makeFolder(dirname(file));
    return claimPart(file);
  });
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        const continued = await transfer(url, { part, file }, checksum, { onBytes, signal, patience, silenceMs });
        const wrong = await mismatch(part, checksum);
        if (wrong === undefined) break;
        // A short file may be continued; a wrong one is thrown away, and only an old part's beginning may be to blame.
        const short = (await stat(part)).size < (checksum.bytes ?? 0);
        if (!short) await rm(part);
        throw new SourceFailure(wrong, { transient: short || continued });
      } catch (cause) {
        signal?.throwIfAborted();
        const pause = retryAfterMs[attempt];
        if (!(cause instanceof SourceFailure) || !cause.transient || pause === undefined) throw cause;
        await wait(pause, undefined, { signal });
      }
    }
    await onDisk(file, () => moveInPlace(part, file));
  } catch (cause) {
    await releasePart(part, file).catch(() => undefined);
    throw cause;
  }
}

/** One request, its body appended to the part. Returns whether it continued an older part. */
async function transfer(
  url: string,
  { part, file }: { readonly part: string; readonly file: string },
  checksum: Checksum,
  { onBytes, signal, patience, silenceMs }: DownloadOptions & { readonly silenceMs: number },
): Promise<boolean> {
  const have = (await stat(part).catch(() => undefined))?.size ?? 0;
  if (checksum.bytes !== undefined && have === checksum.bytes) return true;
  const silence = silenceAlarm(silenceMs);
  try {
    const response = await request(url, have, AbortSignal.any([silence.signal, ...(signal ? [signal] : [])]));
    const start = startOf(response, have);
    const total = totalOf(response, start) ?? checksum.bytes;
    const handle = await onDisk(file, () => open(part, have > 0 ? "r+" : "w"));
    try {
      await onDisk(file, () => handle.truncate(start));
      let at = start;
      const startedAt = performance.now();
      onBytes?.(at, total);
      for await (const chunk of bodyOf(response)) {
        silence.heard();
        if (at === 0) refuseHtml(chunk);
        // Positioned writes may be short; writeFile on a handle would start at its own place.
        for (let done = 0; done < chunk.length; )
          done += (await onDisk(file, () => handle.write(chunk, done, chunk.length - done, at + done))).bytesWritten;
        at += chunk.length;
        refuseSlow(at - start, performance.now() - startedAt, patience);
        onBytes?.(at, total);
      }
      await onDisk(file, () => handle.sync());
    } finally {
      await handle.close();
    }
    return start > 0;
  } catch (cause) {
    if (silence.signal.aborted) throw new SourceFailure(`silent for ${silenceMs / 1000} s`, { transient: true, cause });
    throw networkFailure(cause);
  } finally {
    silence.stop();
  }
}

/** Aborts when nothing is heard for a while. */
function silenceAlarm(ms: number) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  return { signal: controller.signal, heard: () => timer.refresh(), stop: () => clearTimeout(timer) };
}

async function request(url: string, have: number, signal: AbortSignal): Promise<Response> {
  // Without "identity" a server may compress a .gz once more, and fetch would undo both ends of a range.
  const range: Record<string, string> = have > 0 ? { range: `bytes=${have}-` } : {};
  const response = await fetch(url, { signal, headers: { "accept-encoding": "identity", ...range } });
  if (response.status === 416) {
    await response.body?.cancel();
    return request(url, 0, signal);
  }
  if (!response.ok) {
    await response.body?.cancel();
    const said = `HTTP ${response.status} ${response.statusText}`.trim();
    throw new SourceFailure(said, { transient: response.status >= 500 });
  }
  const start = startOf(response, have);
  if (response.status === 206 && start === 0 && have > 0) {
    // Part of the file, but not the part that was asked for.
    await response.body?.cancel();
    return request(url, 0, signal);
  }
  return response;
}

/** Where in the file the response's body starts: `have` when the server continues there, else 0. */
function startOf(response: Response, have: number): number {
  const [, start] = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "") ?? [];
  return response.status === 206 && Number(start) === have ? have : 0;
}

function totalOf(response: Response, start: number): number | undefined {
  const length = response.headers.get("content-length");
  return length === null ? undefined : start + Number(length);
}

async function* bodyOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body) yield* response.body;
}

/** Proxies and log-in walls answer 200 with a page. */
function refuseHtml(firstChunk: Uint8Array): void {
  const text = Buffer.from(firstChunk.subarray(0, 4096)).toString("utf8").trimStart();
  if (!/^(<!doctype html|<html)/i.test(text)) return;
  const title = /<title[^>]*>\s*([^<]{1,80}?)\s*</i.exec(text)?.[1];
  throw new SourceFailure(`an HTML page came instead of data${title ? ` ("${title}")` : ""}`);
}

function refuseSlow(bytes: number, elapsedMs: number, patience: Patience | undefined): void {
  const rate = (1000 * bytes) / elapsedMs;
  if (patience && elapsedMs >= patience.afterMs && rate < patience.bytesPerSecond)
    throw new SourceFailure(`slow: ${Math.round(rate / 1000)} kB/s`, { slow: true });
}

/** fetch reports everything as "fetch failed" or "terminated"; the reason is in the cause. */
export function networkFailure(cause: unknown): unknown {
  if (!(cause instanceof TypeError)) return cause;
  const inner = cause.cause instanceof Error ? cause.cause : undefined;
  const code = inner && "code" in inner ? String(inner.code) : "";
  const unreachable = ["ENOTFOUND", "ECONNREFUSED", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT", "ENETUNREACH"];
  const message = inner?.message || code || cause.message;
  return new SourceFailure(message, { transient: !unreachable.includes(code), cause });
}
