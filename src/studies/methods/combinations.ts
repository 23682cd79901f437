import { InputError } from "../../base/index.ts";
import { methodKind } from "./registry.ts";

/** The kinds of a methods axis's entry: "jr+blur" is jr and blur at once, "jr" is jr alone. */
export function kindsOf(entry: string): string[] {
  return entry.split("+").map((kind) => kind.trim());
}

/** Checks that the kinds of an entry are known and can be had at once. Throws InputError with one sentence. */
export function checkCombination(where: string, entry: string): void {
  const kinds = kindsOf(entry);
  const entries = kinds.map((kind) => ({ kind, ...methodKind(where, kind) }));
  if (kinds.length === 1) return;
  if (kinds.includes("vanilla"))
    throw new InputError(`${where}: ${entry}: expected methods to combine, got vanilla, which adds nothing`);
  const [twice] = kinds.filter((kind, i) => kinds.indexOf(kind) !== i);
  if (twice !== undefined) throw new InputError(`${where}: ${entry}: expected each kind once, got ${twice} twice`);
  for (const [group, members] of Map.groupBy(entries, ({ group }) => group))
    if (group !== undefined && members.length > 1)
      throw new InputError(
        `${where}: ${entry}: expected at most one kind of ${group}, got ${members.map(({ kind }) => kind).join(" and ")}`,
      );
}
