import { type DType, InputError, isTensor, type Tensor, type Tree, tensor } from "../base/index.ts";

/** What a tensor must be, without its values. */
export interface Form {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export const formOf = ({ dtype, shape }: Tensor): Form => ({ dtype, shape });

/**
 * The leaves of `given` in the order of `form`, whose structure, types and shapes it must have; members of objects are
 * found by name. Throws InputError, beginning with `where` and the path to what does not fit.
 */
export function leavesLike(where: string, form: Tree<Form>, given: unknown): Tensor[] {
  if (isForm(form)) {
    if (isTensor(given) && given.dtype === form.dtype && String(given.shape) === String(form.shape)) return [given];
    throw new InputError(`${where}: expected ${form.dtype} [${form.shape}], got ${described(given)}`);
  }
  const [names, got] = [Object.keys(form), membersOf(given)];
  if (got === undefined || Array.isArray(form) !== Array.isArray(given) || !sameNames(names, Object.keys(got)))
    throw new InputError(`${where}: expected ${described(form)}, got ${described(given)}`);
  return Object.entries(form).flatMap(([name, member]) => leavesLike(`${where}: ${name}`, member, got[name]));
}

/** A graph reads uint8 as whole numbers. */
export function asInput(leaf: Tensor): Tensor {
  return leaf.dtype === "uint8" ? tensor("int32", leaf.shape, new Int32Array(leaf.data)) : leaf;
}

function isForm(form: Tree<Form>): form is Form {
  return "dtype" in form && typeof form.dtype === "string";
}

function membersOf(given: unknown): Readonly<Record<string, unknown>> | undefined {
  return given !== null && typeof given === "object" && !isTensor(given) ? { ...given } : undefined;
}

function sameNames(wanted: readonly string[], got: readonly string[]): boolean {
  return wanted.length === got.length && wanted.every((name) => got.includes(name));
}

function described(value: unknown): string {
  if (isTensor(value)) return `${value.dtype} [${value.shape}]`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const members = membersOf(value);
  return members ? `an object of ${Object.keys(members).join(", ") || "nothing"}` : String(value);
}
