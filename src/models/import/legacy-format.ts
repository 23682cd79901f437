import { InputError } from "../../base/index.ts";
import { Call, type Pickled, Stored } from "./pickled.ts";
import { type Archive, bytesOf } from "./storages.ts";
import { unpickle } from "./unpickle.ts";

const magic = 0x1950a86a20f9469cfc6cn;

/**
 * What `torch.save` wrote before version 1.6: pickles one after the other (a magic number, the protocol 1001, facts about the
 * machine, the object, the storages' keys), then for each key the number of elements in eight bytes and the elements.
 */
export function readLegacy(where: string, bytes: Uint8Array): Archive {
  let at = 0;
  const next = (): Pickled => {
    const { value, end } = unpickle(where, bytes, at);
    at = end;
    return value;
  };
  if (next() !== magic || next() !== 1001)
    throw new InputError(`${where}: expected a file of torch.save, got a pickle of something else`);
  next();
  const value = next();
  const keys = next();
  if (!Array.isArray(keys)) throw new InputError(`${where}: expected the keys of storages, got something else`);
  const widths = widthsOf(value);
  const storages = new Map<string, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of keys.map(String)) {
    const width = widths.get(key);
    if (width === undefined) throw new InputError(`${where}: expected storage ${key} to be used, got no tensor of it`);
    const count = at + 8 <= bytes.length ? Number(view.getBigInt64(at, true)) : Number.NaN;
    const end = at + 8 + count * width;
    if (!(count >= 0 && end <= bytes.length))
      throw new InputError(`${where}: expected the bytes of storage ${key}, got the end of the file: it is cut short`);
    storages.set(key, bytes.subarray(at + 8, end));
    at = end;
  }
  return { value, storages };
}

/** Bytes of a number in each storage that the object refers to. */
function widthsOf(value: Pickled): Map<string, number> {
  const widths = new Map<string, number>();
  const visit = (member: Pickled): void => {
    if (member instanceof Map) for (const inner of member.values()) visit(inner);
    else if (Array.isArray(member)) for (const inner of member) visit(inner);
    else if (member instanceof Call) for (const inner of member.args) visit(inner);
    else if (member instanceof Stored) {
      const [, type = null, key = null] = member.id;
      const width = bytesOf(type);
      if (width !== undefined) widths.set(String(key), width);
    }
  };
  visit(value);
  return widths;
}
