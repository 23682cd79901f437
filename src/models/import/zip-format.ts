import { InputError } from "../../base/index.ts";
import type { Archive } from "./storages.ts";
import { unpickle } from "./unpickle.ts";

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;
const localHeader = 0x04034b50;

/**
 * What `torch.save` writes since version 1.6: a zip of stored files, `<name>/data.pkl` and `<name>/data/<key>`. PyTorch never
 * compresses; compressed entries, which could unpack to any size, are refused, and so are zips above 4 GB.
 */
export function readZip(where: string, bytes: Uint8Array): Archive {
  const files = storedFiles(where, bytes);
  const pickle = [...files.keys()].find((name) => /^([^/]+\/)?data\.pkl$/.test(name));
  const contents = pickle === undefined ? undefined : files.get(pickle);
  if (pickle === undefined || !contents)
    throw new InputError(`${where}: expected a zip of torch.save, got one without data.pkl`);
  const folder = pickle.slice(0, -"data.pkl".length);
  const order = new TextDecoder().decode(files.get(`${folder}byteorder`)).trim();
  if (order !== "" && order !== "little")
    throw new InputError(`${where}: expected little-endian storages, got ${order}-endian ones`);
  const storages = [...files].flatMap(([name, data]) =>
    name.startsWith(`${folder}data/`) ? [[name.slice(folder.length + "data/".length), data] as const] : [],
  );
  return { value: unpickle(where, contents).value, storages: new Map(storages) };
}

/** The files of a zip by its central directory, as views of the bytes. */
function storedFiles(where: string, bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = () => new InputError(`${where}: expected a zip of torch.save, got one that is damaged or cut short`);
  const u16 = (at: number) => {
    if (at < 0 || at + 2 > bytes.length) throw damaged();
    return view.getUint16(at, true);
  };
  const u32 = (at: number) => {
    if (at < 0 || at + 4 > bytes.length) throw damaged();
    return view.getUint32(at, true);
  };
  let end = bytes.length - 22;
  while (end >= 0 && end > bytes.length - 22 - 0xffff && u32(end) !== endOfDirectory) end--;
  if (u32(end) !== endOfDirectory) throw damaged();
  const files = new Map<string, Uint8Array>();
  let at = u32(end + 16);
  for (let left = u16(end + 10); left > 0; left--) {
    if (u32(at) !== directoryEntry) throw damaged();
    const [compression, size, nameLength] = [u16(at + 10), u32(at + 24), u16(at + 28)];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (compression !== 0)
      throw new InputError(
        name.includes("/code/")
          ? `${where}: expected a state dict, torch.save(model.state_dict(), path), got TorchScript`
          : `${where}: expected stored entries, got ${name} compressed`,
      );
    const local = u32(at + 42);
    if (u32(local) !== localHeader) throw damaged();
    const start = local + 30 + u16(local + 26) + u16(local + 28);
    if (start + size > bytes.length) throw damaged();
    files.set(name, bytes.subarray(start, start + size));
    at += 46 + nameLength + u16(at + 30) + u16(at + 32);
  }
  return files;
}
