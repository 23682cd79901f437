import type { Expression } from "./expressions.ts";
import { loadsOf } from "./loops.ts";
import { memoryOrder } from "./views.ts";

/** The order of axes in memory that most of the elements to be read have. */
export function commonOrder(space: readonly number[], expression: Expression): readonly number[] {
  const votes = new Map<string, { order: readonly number[]; elements: number }>();
  for (const { view: operand } of loadsOf(expression)) {
    const elements = operand.strides.reduce(
      (count, stride, axis) => count * (stride === 0 ? 1 : (space[axis] ?? 1)),
      1,
    );
    const order = memoryOrder({ shape: space, strides: operand.strides });
    const known = votes.get(String(order));
    votes.set(String(order), { order, elements: elements + (known?.elements ?? 0) });
  }
  const best = [...votes.values()].reduce<{ order: readonly number[]; elements: number } | undefined>(
    (most, vote) => (most === undefined || vote.elements > most.elements ? vote : most),
    undefined,
  );
  return best?.order ?? space.map((_, axis) => axis);
}
