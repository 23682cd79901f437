import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";

/**
 * The wanted members of a .tar.gz file, by the names that `wanted` gives them; it returns undefined for the others.
 * Rejects when the archive is damaged.
 */
export async function readTarGz(
  path: string,
  wanted: (member: string) => string | undefined,
  signal?: AbortSignal,
): Promise<Map<string, Uint8Array>> {
  const members = new Map<string, Uint8Array>();
  const unpack = extract();
  const reading = (async () => {
    for await (const entry of unpack) {
      const name = entry.header.type === "file" ? wanted(entry.header.name) : undefined;
      if (name === undefined) {
        entry.resume();
        continue;
      }
      const bytes = new Uint8Array(entry.header.size);
      let at = 0;
      for await (const chunk of entry as AsyncIterable<Uint8Array>) {
        bytes.set(chunk, at);
        at += chunk.length;
      }
      members.set(name, bytes);
    }
  })();
  await Promise.all([pipeline(createReadStream(path), createGunzip(), unpack, { signal }), reading]);
  return members;
}
