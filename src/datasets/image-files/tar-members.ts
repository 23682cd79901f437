import { InputError } from "../../base/index.ts";
import { breathe, type Member, openArchive } from "./members.ts";

const block = 512;

/**
 * The files in a tar, or in one that is a member of another tar (`within`), in its order: each with where its bytes are.
 * Only headers are read. Names of GNU's and pax's long form are understood; links and devices are passed by.
 *
 * Throws InputError for a file that is no tar (a .tar.gz must be unpacked first), a damaged header, and a tar that ends within
 * a member.
 */
export async function tarMembers(path: string, within?: Member): Promise<Member[]> {
  const archive = openArchive(path);
  const where = within ? `${path}: ${within.name}` : path;
  const members: Member[] = [];
  const end = within?.range ? within.range.offset + within.range.bytes : archive.size;
  let at = within?.range?.offset ?? 0;
  let longName: string | undefined;
  try {
    for (let read = 0; at + block <= end; read++) {
      if (read % 4096 === 4095) await breathe();
      const header = archive.read(at, block);
      if (header.every((byte) => byte === 0)) break;
      const { name, size, type } = parseHeader(header, where);
      const from = at + block;
      if (from + size > end)
        throw new InputError(`${where}: cut short: expected ${size} bytes of ${name}, got ${end - from}`);
      if (type === "L") longName = text(archive.read(from, size));
      else if (type === "x") longName = paxPath(archive.read(from, size)) ?? longName;
      else {
        if (type === "0" || type === "\0" || type === "7")
          members.push({ name: longName ?? name, file: path, range: { offset: from, bytes: size } });
        longName = undefined;
      }
      at = from + Math.ceil(size / block) * block;
    }
  } finally {
    archive.close();
  }
  return members;
}

function parseHeader(header: Uint8Array, where: string) {
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (sum !== octal(header, 148, 8))
    throw new InputError(`${where}: expected a tar file, got another or a damaged one`);
  const ustar = text(header.subarray(257, 262)) === "ustar";
  const prefix = ustar && header[263] === 0x30 ? text(header.subarray(345, 500)) : "";
  const name = text(header.subarray(0, 100));
  return {
    name: prefix ? `${prefix}/${name}` : name,
    size: sizeOf(header),
    type: String.fromCharCode(header[156] as number),
  };
}

/** Octal, or for 8 GB and more big-endian with the highest bit set. */
function sizeOf(header: Uint8Array): number {
  if (((header[124] as number) & 0x80) === 0) return octal(header, 124, 12);
  return header.subarray(125, 136).reduce((value, byte) => value * 256 + byte, 0);
}

const octal = (header: Uint8Array, at: number, length: number) =>
  Number.parseInt(text(header.subarray(at, at + length)).trim() || "0", 8);

/** UTF-8 up to the first zero. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString("utf8");
}

/** The path of a pax header, whose records are "<length> <key>=<value>\n". */
function paxPath(bytes: Uint8Array): string | undefined {
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(Buffer.from(bytes.subarray(at, space)).toString());
    if (space < 0 || !(length > 0)) return undefined;
    const record = Buffer.from(bytes.subarray(space + 1, at + length - 1)).toString("utf8");
    if (record.startsWith("path=")) return record.slice("path=".length);
    at += length;
  }
  return undefined;
}
