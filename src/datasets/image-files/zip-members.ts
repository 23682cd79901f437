import { InputError } from "../../base/index.ts";
import { breathe, type Member, openArchive } from "./members.ts";

const [endOfDirectory, directoryEntry, localHeader] = [0x06054b50, 0x02014b50, 0x04034b50];

/**
 * The files in a zip of less than 4 GB, by its central directory: each with where its bytes are. Only headers are read.
 * Throws InputError for a file that is no zip, a damaged one, and a way of packing other than stored and deflated.
 */
export async function zipMembers(path: string): Promise<Member[]> {
  const archive = openArchive(path);
  try {
    const tail = Buffer.from(archive.read(Math.max(0, archive.size - 66_000), Math.min(66_000, archive.size)));
    let end = tail.length - 22;
    while (end >= 0 && tail.readUInt32LE(end) !== endOfDirectory) end--;
    if (end < 0) throw new InputError(`${path}: expected a zip file, got another or one cut short`);
    const [size, start] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
    if (start + size > archive.size)
      throw new InputError(`${path}: expected a whole zip file of less than 4 GB, got a damaged or a larger one`);
    const directory = Buffer.from(archive.read(start, size));
    const members: Member[] = [];
    // By signature, not by count: the count has 16 bits, and Tiny-ImageNet has 120,000 files.
    for (let at = 0; at + 46 <= size && directory.readUInt32LE(at) === directoryEntry; ) {
      if (members.length % 4096 === 4095) await breathe();
      const [method, bytes, nameLength] = [10, 20, 28].map((field) =>
        field === 20 ? directory.readUInt32LE(at + field) : directory.readUInt16LE(at + field),
      ) as [number, number, number];
      const name = directory.toString("utf8", at + 46, at + 46 + nameLength);
      const local = directory.readUInt32LE(at + 42);
      at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
      if (name.endsWith("/")) continue;
      if (method !== 0 && method !== 8)
        throw new InputError(`${path}: ${name}: expected a stored or deflated file, got method ${method}`);
      const header = Buffer.from(archive.read(local, 30));
      if (header.readUInt32LE(0) !== localHeader) throw new InputError(`${path}: ${name}: damaged zip file`);
      const offset = local + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
      members.push({ name, file: path, range: { offset, bytes, deflated: method === 8 } });
    }
    return members;
  } finally {
    archive.close();
  }
}
