import { call, filled, firstReal, inOrder, made, typeOf, typesOf, widths } from "./calls.ts";
import type { Choice, ElementType } from "./dnnl.ts";
import { cut, memoryOrder, type View } from "./views.ts";
import { Unsupported, type Workspace } from "./workspace.ts";

interface Product {
  readonly x: View;
  readonly y: View;
  readonly result: View;
}

export function lowerMatmul(space: Workspace, result: View, x: View, y: View): View {
  const products = inPieces(space, { x, y, result });
  const { choice, type } = chosen(space, products[0] ?? { x, y, result });
  const placed = (given: View, whole: View) => {
    const copy = () => asMatrix(given, type).placed(space);
    return given === whole ? { view: space.ahead(copy), shared: true } : { view: copy() };
  };
  space.inRounds(products.length, (i) => {
    const part = products[i] ?? { x, y, result };
    call(space, choice, [
      { role: "source", ...placed(part.x, x) },
      { role: "weights", ...placed(part.y, y) },
      { role: "destination", view: part.result, written: true },
    ]);
  });
  return result;
}

/** Cut along the first axis that has a piece for each thread: several products, rows, columns. */
function inPieces(space: Workspace, { x, y, result }: Product): Product[] {
  const rank = result.shape.length;
  const [rows, columns] = [rank - 2, rank - 1];
  const several = rank > 2 && x.shape[0] === y.shape[0];
  const axes = [...(several ? [0] : []), rows, columns];
  const pieces = axes.map((axis) => space.pieces(result.shape[axis] ?? 1));
  const most = Math.max(...pieces);
  const axis = axes[pieces.indexOf(most)] ?? rows;
  const xs = axis === columns ? [] : cut(x, axis, most);
  const ys = axis === rows ? [] : cut(y, axis, most);
  return cut(result, axis, most).map((part, i) => ({ x: xs[i] ?? x, y: ys[i] ?? y, result: part }));
}

function chosen(space: Workspace, { x, y, result }: Product): { readonly choice: Choice; readonly type: ElementType } {
  const { dnnl } = space;
  const layout = (given: View, type: ElementType) => dnnl.layout(given.shape, asMatrix(given, type).strides, type);
  const ways = typesOf(space).map((type) => ({ type }));
  const out = (type: ElementType) => dnnl.layout(result.shape, filled(result), made(type, result));
  const found = firstReal(ways, ({ type }) => dnnl.matmul(layout(x, type), layout(y, type), out(type)));
  if (found === undefined) throw new Unsupported(`matmul [${x.shape}] [${y.shape}]`);
  return found;
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
