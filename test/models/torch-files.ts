/** Files as torch.save writes them, put together by hand from the pickle protocol and the zip format. */
export type Value =
  | { readonly text: string }
  | { readonly float: number }
  | { readonly int: number }
  | { readonly dict: readonly (readonly [string, Value])[] }
  | { readonly ordered: readonly (readonly [string, Value])[] }
  | { readonly call: string; readonly args: readonly Value[] }
  | {
      readonly tensor: string;
      readonly key: string;
      readonly offset: number;
      readonly shape: readonly number[];
      readonly strides: readonly number[];
    };

const bytesOf = (text: string) => [...new TextEncoder().encode(text)];
const little = (value: number, bytes: number) =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256);
const global = (name: string) => [0x63, ...bytesOf(`${name.replace(" ", "\n")}\n`)];
const text = (value: string) => [0x58, ...little(bytesOf(value).length, 4), ...bytesOf(value)];
const int = (value: number) => [0x4a, ...little(value, 4)];
const tuple = (items: readonly number[][]) => [0x28, ...items.flat(), 0x74];

function opcodes(value: Value): number[] {
  const items = (pairs: readonly (readonly [string, Value])[]) => [
    0x28,
    ...pairs.flatMap(([key, member]) => [...text(key), ...opcodes(member)]),
    0x75,
  ];
  if ("text" in value) return text(value.text);
  if ("float" in value) {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value.float);
    return [0x47, ...bytes];
  }
  if ("int" in value) return int(value.int);
  if ("dict" in value) return [0x7d, ...items(value.dict)];
  if ("ordered" in value) return [...global("collections OrderedDict"), 0x29, 0x52, ...items(value.ordered)];
  if ("call" in value) return [...global(value.call), ...tuple(value.args.map(opcodes)), 0x52];
  const { tensor, key, offset, shape, strides } = value;
  const storage = [...tuple([text("storage"), global(`torch ${tensor}`), text(key), text("cpu"), int(9)]), 0x51];
  const counts = (list: readonly number[]) => tuple(list.map(int));
  const hooks = [...global("collections OrderedDict"), 0x29, 0x52];
  const args = tuple([storage, int(offset), counts(shape), counts(strides), [0x89], hooks]);
  return [...global("torch._utils _rebuild_tensor_v2"), ...args, 0x52];
}

export const pickle = (value: Value): Uint8Array => Uint8Array.from([0x80, 2, ...opcodes(value), 0x2e]);

/** The format before 1.6: for each storage its bytes and its number of elements. */
export function legacyFile(
  value: Value,
  storages: Readonly<Record<string, readonly [Uint8Array, number]>>,
): Uint8Array {
  const magic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
  const keys = [0x80, 2, 0x5d, 0x28, ...Object.keys(storages).flatMap(text), 0x65, 0x2e];
  return Uint8Array.from([
    ...magic,
    ...[0x80, 2, 0x4d, 0xe9, 0x03, 0x2e],
    ...pickle({ dict: [["little_endian", { int: 1 }]] }),
    ...pickle(value),
    ...keys,
    ...Object.values(storages).flatMap(([bytes, count]) => [...little(count, 8), ...bytes]),
  ]);
}

/** The format since 1.6: stored entries; checksums are left 0, since nobody reads them. */
export function zipFile(value: Value, storages: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const entries = [
    ["archive/data.pkl", pickle(value)] as const,
    ["archive/byteorder", Uint8Array.from(bytesOf("little"))] as const,
    ...Object.entries(storages).map(([key, bytes]) => [`archive/data/${key}`, bytes] as const),
  ];
  const out: number[] = [];
  const directory: number[] = [];
  for (const [name, bytes] of entries) {
    const sizes = [...little(0, 4), ...little(bytes.length, 4), ...little(bytes.length, 4)];
    const tail = [...little(bytesOf(name).length, 2), ...little(0, 2)];
    const common = [...little(20, 2), ...little(0, 2), ...little(0, 2), ...little(0, 4), ...sizes, ...tail];
    directory.push(
      ...little(0x02014b50, 4),
      ...little(20, 2),
      ...common,
      ...little(0, 10),
      ...little(out.length, 4),
      ...bytesOf(name),
    );
    out.push(...little(0x04034b50, 4), ...common, ...bytesOf(name), ...bytes);
  }
  const end = [
    ...little(entries.length, 2),
    ...little(entries.length, 2),
    ...little(directory.length, 4),
    ...little(out.length, 4),
  ];
  return Uint8Array.from([...out, ...directory, ...little(0x06054b50, 4), ...little(0, 4), ...end, ...little(0, 2)]);
}
