import { call, filled, firstReal, inOrder, made, typeOf, typesOf, widths } from "./calls.ts";
import type { ElementType } from "./dnnl.ts";
import { memoryOrder, type View } from "./views.ts";
import { Unsupported, type Workspace } from "./workspace.ts";

export function lowerMatmul(space: Workspace, result: View, x: View, y: View): View {
  const { dnnl } = space;
  const ways = typesOf(space).map((type) => ({ type, a: asMatrix(x, type), b: asMatrix(y, type) }));
  const out = (type: ElementType) => dnnl.layout(result.shape, filled(result), made(type, result));
  const found = firstReal(ways, ({ type, a, b }) =>
    dnnl.matmul(dnnl.layout(x.shape, a.strides, type), dnnl.layout(y.shape, b.strides, type), out(type)),
  );
  if (found === undefined) throw new Unsupported(`matmul [${x.shape}] [${y.shape}]`);
  call(space, found.choice, [
    { role: "source", view: found.a.placed(space) },
    { role: "weights", view: found.b.placed(space) },
    { role: "destination", view: result, written: true },
  ]);
  return result;
}

/** A matrix (or several) that lies row by row or column by column; where it does not, or has another type, a copy. */
function asMatrix(given: View, type: ElementType): { strides: readonly number[]; placed: (space: Workspace) => View } {
  const [rows = 0, columns = 0] = given.strides.slice(-2);
  const positive = given.strides.every((stride, axis) => stride > 0 || given.shape[axis] === 1);
  const [height = 1, width = 1] = given.shape.slice(-2);
  const byRows = (columns === 1 || width === 1) && (rows >= width || height === 1);
  const byColumns = (rows === 1 || height === 1) && (columns >= height || width === 1);
  const isMatrix = positive && (byRows || byColumns);
  if (isMatrix && typeOf(given) === type) return { strides: filled(given), placed: () => given };
  const order = isMatrix ? memoryOrder(given) : given.shape.map((_, axis) => axis);
  return { strides: inOrder(order)(given), placed: (space) => space.dense(given, { order, width: widths[type] }) };
}
