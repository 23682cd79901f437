import { buffer } from "node:stream/consumers";
import { crc32, deflateRawSync } from "node:zlib";
import { pack } from "tar-stream";

type Files = Readonly<Record<string, Uint8Array | string>>;

/** A tar by tar-stream. */
export async function tar(files: Files): Promise<Buffer> {
  const archive = pack();
  const whole = buffer(archive);
  for (const [name, bytes] of Object.entries(files)) archive.entry({ name }, Buffer.from(bytes));
  archive.finalize();
  return whole;
}

/** A zip, put together by hand from the format: deflated members; the count is left at 0, as it may be wrong above 65,535. */
export function zip(files: Files, method: 0 | 8 | 12 = 8): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(files)) {
    const stored = method === 8 ? deflateRawSync(content) : Buffer.from(content);
    const sizes = [crc32(Buffer.from(content)), stored.length, Buffer.from(content).length];
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    for (const [i, value] of sizes.entries()) local.writeUInt32LE(value, 14 + 4 * i);
    local.writeUInt16LE(Buffer.byteLength(name), 26);
    local.writeUInt16LE(3, 28); // an extra field that only the local header has
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(method, 10);
    for (const [i, value] of sizes.entries()) entry.writeUInt32LE(value, 16 + 4 * i);
    entry.writeUInt16LE(Buffer.byteLength(name), 28);
    entry.writeUInt32LE(at, 42);
    directory.push(entry, Buffer.from(name));
    const member = [local, Buffer.from(name), Buffer.alloc(3), stored];
    parts.push(...member);
    at += member.reduce((sum, part) => sum + part.length, 0);
  }
  const end = Buffer.alloc(22);
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
