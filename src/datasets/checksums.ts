import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

/** What a file must be. */
export interface Checksum {
  readonly bytes?: number;
  readonly algorithm: "md5" | "sha512";
  /** In hex. */
  readonly digest: string;
}

/** npm's "sha512-<base64>" as a checksum. */
export function integrityChecksum(integrity: string, bytes: number): Checksum {
  const [algorithm, base64] = integrity.split("-");
  if (algorithm !== "sha512" || !base64) throw new Error(`integrity: expected sha512-<base64>, got ${integrity}`);
  return { algorithm, bytes, digest: Buffer.from(base64, "base64").toString("hex") };
}

export const md5Of = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

/** How the file at `path` differs from what it must be, in words, or undefined when it does not. */
export async function mismatch(path: string, { bytes, algorithm, digest }: Checksum): Promise<string | undefined> {
  const { size } = await stat(path);
  if (bytes !== undefined && size !== bytes) return `expected ${bytes} bytes, got ${size}`;
  const hash = createHash(algorithm);
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  const found = hash.digest("hex");
  return found === digest ? undefined : `expected ${algorithm} ${digest}, got ${found}`;
}
