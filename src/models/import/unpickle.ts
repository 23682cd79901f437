import { InputError } from "../../base/index.ts";
import { allowedNames, Call, Marker, type Pickled, refusedOpcodes, Stored } from "./pickled.ts";

const mark = Symbol("mark");
type OnStack = Pickled | typeof mark;

/**
 * Reads one pickle (protocols 2 to 5) as plain data: numbers, texts, lists, dicts, and the few names by which PyTorch
 * describes tensors. Nothing is imported, called or built. Any other name, and any operation that a state dict has no use
 * for, is an InputError, as is a pickle that ends too early. `where` begins the sentence.
 */
export function unpickle(
  where: string,
  bytes: Uint8Array,
  from = 0,
): { readonly value: Pickled; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: OnStack[] = [];
  const memo = new Map<number, Pickled>();
  let at = from;
  const fail = (what: string) => new InputError(`${where}: expected a pickle of tensors, got ${what} at byte ${at}`);
  const take = (length: number): number => {
    if (!(length >= 0) || at + length > bytes.length) throw fail("the end of the file");
    at += length;
    return at - length;
  };
  const text = (length: number) => new TextDecoder().decode(bytes.subarray(take(length), at));
  const line = () => {
    const end = bytes.indexOf(10, at);
    if (end < 0) throw fail("the end of the file");
    const read = text(end - at);
    take(1);
    return read;
  };
  const pop = (): Pickled => {
    const value = stack.pop();
    if (value === undefined || value === mark) throw fail("too few values");
    return value;
  };
  const popToMark = (): Pickled[] => {
    const start = stack.lastIndexOf(mark);
    if (start < 0) throw fail("no mark");
    return stack.splice(start).slice(1) as Pickled[];
  };
  const named = (name: string, opcode: string) => {
    if (!allowedNames.has(name))
      throw new InputError(
        `${fail(`opcode ${opcode} ${name.replace(" ", ".")}, which is refused: it may run code,`).message}; torch.save(model.state_dict(), path) writes tensors alone`,
      );
    return new Marker(name);
  };
  const remember = (slot: number) => {
    const value = pop();
    memo.set(slot, value);
    stack.push(value);
  };
  const recall = (slot: number) => {
    const value = memo.get(slot);
    if (value === undefined) throw fail("an unknown memo");
    return value;
  };
  const setItems = (items: readonly Pickled[]) => {
    const dict = stack.at(-1);
    if (!(dict instanceof Map) || items.length % 2) throw fail("items for something that is no dict");
    for (let i = 0; i < items.length; i += 2) dict.set(items[i] ?? null, items[i + 1] ?? null);
  };
  const append = (items: readonly Pickled[]) => {
    const list = stack.at(-1);
    if (!Array.isArray(list)) throw fail("items for something that is no list");
    list.push(...items);
  };
  const long = (length: number): Pickled => {
    const start = take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[start + i] ?? 0);
    if (length > 0 && (bytes[start + length - 1] ?? 0) > 127) value -= 1n << BigInt(8 * length);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  };
  const reduce = () => {
    const args = pop();
    const callee = pop();
    if (!(callee instanceof Marker) || !Array.isArray(args)) throw fail("a call of something that has no name");
    stack.push(callee.name === "collections OrderedDict" ? new Map(pairsOf(args)) : new Call(callee.name, args));
  };
  for (;;) {
    const code = bytes[take(1)] ?? 0;
    switch (code) {
      case 0x80: // PROTO
        if ((bytes[take(1)] ?? 0) > 5) throw fail("a protocol above 5");
        break;
      case 0x95: // FRAME
        take(8);
        break;
      case 0x2e: // STOP
        return { value: pop(), end: at };
      case 0x28: // MARK
        stack.push(mark);
        break;
      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        stack.push(code === 0x88);
        break;
      case 0x4b: // BININT1
        stack.push(bytes[take(1)] ?? 0);
        break;
      case 0x4d: // BININT2
        stack.push(view.getUint16(take(2), true));
        break;
      case 0x4a: // BININT
        stack.push(view.getInt32(take(4), true));
        break;
      case 0x8a: // LONG1
        stack.push(long(bytes[take(1)] ?? 0));
        break;
      case 0x47: // BINFLOAT
        stack.push(view.getFloat64(take(8)));
        break;
      case 0x58: // BINUNICODE
        stack.push(text(view.getUint32(take(4), true)));
        break;
      case 0x8c: // SHORT_BINUNICODE
      case 0x55: // SHORT_BINSTRING
        stack.push(text(bytes[take(1)] ?? 0));
        break;
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        break;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        stack.push([]);
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(Array.from({ length: code - 0x84 }, pop).reverse());
        break;
      case 0x74: // TUPLE
        stack.push(popToMark());
        break;
      case 0x61: {
        // APPEND
        const item = pop();
        append([item]);
        break;
      }
      case 0x65: // APPENDS
        append(popToMark());
        break;
      case 0x73: {
        // SETITEM
        const value = pop();
        const key = pop();
        setItems([key, value]);
        break;
      }
      case 0x75: // SETITEMS
        setItems(popToMark());
        break;
      case 0x71: // BINPUT
        remember(bytes[take(1)] ?? 0);
        break;
      case 0x72: // LONG_BINPUT
        remember(view.getUint32(take(4), true));
        break;
      case 0x94: // MEMOIZE
        remember(memo.size);
        break;
      case 0x68: // BINGET
        stack.push(recall(bytes[take(1)] ?? 0));
        break;
      case 0x6a: // LONG_BINGET
        stack.push(recall(view.getUint32(take(4), true)));
        break;
      case 0x63: {
        // GLOBAL
        const module = line();
        stack.push(named(`${module} ${line()}`, "GLOBAL"));
        break;
      }
      case 0x93: {
        // STACK_GLOBAL
        const name = pop();
        stack.push(named(`${String(pop())} ${String(name)}`, "STACK_GLOBAL"));
        break;
      }
      case 0x51: {
        // BINPERSID
        const id = pop();
        if (!Array.isArray(id)) throw fail("a storage without an id");
        stack.push(new Stored(id));
        break;
      }
      case 0x52: // REDUCE
        reduce();
        break;
      case 0x62: {
        // BUILD: what a state dict hangs on its OrderedDict is metadata.
        pop();
        if (!(stack.at(-1) instanceof Map)) throw fail("a state for something that is no dict");
        break;
      }
      default:
        throw fail(
          `opcode ${refusedOpcodes[code] ?? ""}${refusedOpcodes[code] ? " " : ""}(0x${code.toString(16)}), which is refused,`,
        );
    }
  }
}

/** The items that OrderedDict was given, in the forms of old PyTorch: none, or a list of pairs. */
function pairsOf([items]: readonly Pickled[]): [Pickled, Pickled][] {
  if (!Array.isArray(items)) return [];
  return items.map((item) => (Array.isArray(item) ? [item[0] ?? null, item[1] ?? null] : [item, null]));
}
