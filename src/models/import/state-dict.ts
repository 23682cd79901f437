import { InputError, readWhole, sizeOf, type Tensor, tensor } from "../../base/index.ts";
import type { NamedTensors } from "../../engine/index.ts";
import { readLegacy } from "./legacy-format.ts";
import { Call, Marker, type Pickled, Stored } from "./pickled.ts";
import { storageTypes } from "./storages.ts";
import { readZip } from "./zip-format.ts";

/** A checkpoint as PyTorch saved it: tensors and numbers under dotted names. */
export interface StateDict {
  readonly tensors: NamedTensors;
  /** What else the file holds that is a number: an epoch, a best accuracy. */
  readonly numbers: Readonly<Record<string, number>>;
}

/**
 * Reads what `torch.save` wrote of a state dict, or of a dict that holds one: the zip format of today and the sequence of
 * pickles of before 1.6. Tensors only: the pickle is read as data by an allow-list, no code is executed. float64, half and
 * bfloat16 become float32, whole numbers int32. Throws InputError for anything else, and for files that are cut short.
 */
export async function readStateDict(path: string): Promise<StateDict> {
  return decodeStateDict(path, await readWhole(path));
}

const mostMembers = 100_000;
const deepest = 32;

/** `readStateDict` of bytes; `where` begins the sentences of errors. */
export function decodeStateDict(where: string, bytes: Uint8Array): StateDict {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const { value, storages } = isZip ? readZip(where, bytes) : readLegacy(where, bytes);
  const tensors: Record<string, Tensor> = {};
  const numbers: Record<string, number> = {};
  let [members, elements] = [0, 0];
  const visit = (name: string, member: Pickled, depth: number): void => {
    // A pickle may refer to one thing many times, or to itself; a state dict is a small tree.
    if (++members > mostMembers || depth > deepest)
      throw new InputError(`${where}: expected a state dict, got one of endless members at ${name.slice(0, 80)}`);
    if (member instanceof Map) {
      for (const [key, inner] of member) visit(name === "" ? String(key) : `${name}.${String(key)}`, inner, depth + 1);
    } else if (member instanceof Call) {
      const found = tensorOf(`${where}: ${name}`, member, storages);
      elements += found.data.length;
      if (elements > 4 * bytes.length)
        throw new InputError(`${where}: expected tensors of about the file's size, got ever more at ${name}`);
      tensors[name] = found;
    } else if (typeof member === "number") numbers[name] = member;
  };
  visit("", value, 0);
  if (Object.keys(tensors).length === 0) throw new InputError(`${where}: expected tensors by name, got none`);
  return { tensors, numbers };
}

function tensorOf(where: string, { name, args }: Call, storages: ReadonlyMap<string, Uint8Array>): Tensor {
  const [first, offset, shape, strides] = args;
  if (name === "torch._utils _rebuild_parameter" && first instanceof Call) return tensorOf(where, first, storages);
  const [kind, type, key] = first instanceof Stored ? first.id : [];
  if (kind !== "storage" || !(type instanceof Marker) || !isCount(offset) || !areCounts(shape) || !areCounts(strides))
    throw new InputError(`${where}: expected a tensor, got a call of ${name}`);
  const bytes = storages.get(String(key));
  const storage = storageTypes[type.name];
  if (!bytes || !storage) throw new InputError(`${where}: expected a storage ${String(key)}, got none`);
  const size = sizeOf(shape);
  const last = shape.reduce((sum, length, axis) => sum + (length - 1) * (strides[axis] ?? 0), offset);
  if (strides.length !== shape.length || Math.max(size, size && last + 1) * storage.bytes > bytes.length)
    throw new InputError(
      `${where}: expected a tensor within its storage of ${bytes.length} bytes, got [${shape}] at ${offset}`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = storage.dtype === "float32" ? new Float32Array(size) : new Int32Array(size);
  const place = new Array<number>(shape.length).fill(0);
  let at = offset;
  for (let i = 0; i < size; i++) {
    data[i] = storage.read(view, at * storage.bytes);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis] ?? 0;
      const next = (place[axis] ?? 0) + 1;
      place[axis] = next;
      if (next < (shape[axis] ?? 0)) break;
      at -= next * (strides[axis] ?? 0);
      place[axis] = 0;
    }
  }
  return data instanceof Float32Array ? tensor("float32", shape, data) : tensor("int32", shape, data);
}

const isCount = (value: Pickled | undefined): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const areCounts = (value: Pickled | undefined): value is number[] => Array.isArray(value) && value.every(isCount);
