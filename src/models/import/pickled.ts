/** What a pickle of a state dict is made of. */
export type Pickled =
  | null
  | boolean
  | number
  | bigint
  | string
  | Pickled[]
  | Map<Pickled, Pickled>
  | Marker
  | Call
  | Stored;

/** A name of Python's that the allow-list knows; it is never looked up. */
export class Marker {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A call that the pickle describes; it is never made. */
export class Call {
  readonly name: string;
  readonly args: readonly Pickled[];
  constructor(name: string, args: readonly Pickled[]) {
    this.name = name;
    this.args = args;
  }
}

/** A reference to a storage outside the pickle, by its persistent id. */
export class Stored {
  readonly id: readonly Pickled[];
  constructor(id: readonly Pickled[]) {
    this.id = id;
  }
}

const storages = ["Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool"];

/** Every name a state dict needs. Any other one is refused. */
export const allowedNames = new Set([
  "collections OrderedDict",
  "torch._utils _rebuild_tensor",
  "torch._utils _rebuild_tensor_v2",
  "torch._utils _rebuild_parameter",
  ...storages.map((name) => `torch ${name}Storage`),
]);

/** Opcodes that make objects or look names up, by which code could come to run. */
export const refusedOpcodes: Readonly<Record<number, string>> = {
  105: "INST",
  111: "OBJ",
  80: "PERSID",
  129: "NEWOBJ",
  130: "EXT1",
  131: "EXT2",
  132: "EXT4",
  146: "NEWOBJ_EX",
};
