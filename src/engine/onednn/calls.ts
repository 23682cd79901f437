import type { Choice, ElementType, Layout, Role } from "./dnnl.ts";
import type { CallOperand, Place } from "./steps.ts";
import { denseStrides, memoryOrder, sameStrides, type View } from "./views.ts";
import { Unsupported, type Workspace } from "./workspace.ts";

interface Placed {
  readonly role: Role;
  readonly view: View;
  readonly written?: boolean;
  /** Other shares of the same work read it too. */
  readonly shared?: boolean;
}

/** Images lie with their channels innermost: every kernel of oneDNN takes them so, and loops see them as plain strides. */
export const channelsLast = [0, 2, 3, 1];

/** What a call may compute in, the wanted first. */
export const typesOf = ({ precision }: Workspace): readonly ElementType[] =>
  precision === "bf16" ? ["bf16", "f32"] : ["f32"];
export const widths = { bf16: 2, f32: 4 } as const;
/** What a call that reads `type` writes itself; another type is a reorder's work. */
export const made = (type: ElementType, result: View): ElementType => (type === "f32" ? "f32" : typeOf(result));
export const typeOf = ({ buffer }: View): ElementType => (buffer.width === 2 ? "bf16" : "f32");

/** The first choice that is a real kernel, else the first that there is. */
export function firstReal<T>(
  ways: readonly T[],
  choose: (way: T) => Choice | undefined,
): (T & { choice: Choice }) | undefined {
  let slow: (T & { choice: Choice }) | undefined;
  for (const way of ways) {
    const choice = choose(way);
    if (choice && !choice.kernel.includes("ref")) return { ...way, choice };
    if (choice) slow ??= { ...way, choice };
  }
  return slow;
}

/** Adds a call, with reorders before and after it where a kernel wants another layout than the tensor has. */
export function call(space: Workspace, choice: Choice, placed: readonly Placed[]): void {
  const { dnnl } = space;
  const after: (() => void)[] = [];
  const operands = placed.map(({ role, view: given, written = false, shared = false }): CallOperand => {
    const wanted = choice.wants(role);
    const there = dnnl.layout(given.shape, filled(given), typeOf(given));
    if (dnnl.same(there, wanted)) return { role, layout: wanted, buffer: given.buffer, offset: given.offset, written };
    const known = written ? undefined : space.packed(given, wanted);
    if (known) return { role, ...known, written };
    const length = Math.ceil(dnnl.bytes(wanted) / 4);
    const name = `${role} as wanted`;
    const plain = { layout: there, buffer: given.buffer, offset: given.offset };
    if (shared && !written) {
      const own = { layout: wanted, buffer: space.buffer(name, length), offset: 0 };
      space.ahead(() => reorder(space, plain, own));
      space.rememberPacked(given, own);
      return { role, ...own, written };
    }
    const own = { layout: wanted, buffer: space.passing(name, length), offset: 0 };
    if (written) after.push(() => reorder(space, own, plain));
    else reorder(space, plain, own);
    return { role, ...own, written };
  });
  space.add({ kind: "call", choice, operands: [...operands, ...scratchpad(space, choice)] });
  for (const step of after) step();
}

function reorder(space: Workspace, from: Place, to: Place): void {
  const choice = space.dnnl.reorder(from.layout, to.layout);
  if (choice === undefined) throw new Unsupported("a reorder");
  const operands: CallOperand[] = [
    { role: "source", ...from, written: false },
    { role: "destination", ...to, written: true },
  ];
  space.add({ kind: "call", choice, operands: [...operands, ...scratchpad(space, choice)] });
}

function scratchpad(space: Workspace, choice: Choice): CallOperand[] {
  const layout: Layout = choice.wants("scratchpad");
  const bytes = space.dnnl.bytes(layout);
  if (bytes === 0) return [];
  const buffer = space.passing("scratchpad", Math.ceil(bytes / 4));
  return [{ role: "scratchpad", layout, buffer, offset: 0, written: true }];
}

/** Strides as oneDNN wants them: axes of one element, which have none here, get what a dense tensor would have. */
export function filled(given: View): number[] {
  const order = memoryOrder(given);
  if (sameStrides(given.strides, denseStrides(given.shape, order))) return inOrder(order)(given);
  const strides = [...given.strides];
  for (let axis = strides.length - 1; axis >= 0; axis--)
    if (given.shape[axis] === 1) strides[axis] = (strides[axis + 1] ?? 1) * (given.shape[axis + 1] ?? 1);
  return strides;
}

export const inOrder =
  (order: readonly number[]) =>
  ({ shape }: View): number[] => {
    const strides = shape.map(() => 1);
    let step = 1;
    for (const axis of order.toReversed()) {
      strides[axis] = step;
      step *= shape[axis] ?? 1;
    }
    return strides;
  };
