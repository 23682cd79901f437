import { existsSync } from "node:fs";
import { z } from "zod";
import { type Examples, type Finding, type KnownPlan, runAttack, type Victim } from "../../attacks/index.ts";
import { InputError, identity, readWhole, writeWhole } from "../../base/index.ts";

const savedSchema = z.record(z.string(), z.array(z.tuple([z.int().min(0), z.boolean(), z.boolean()])));

const millisecondsBetweenSaves = 2000;

/**
 * Verdicts on disk, by attack and example, so that an interrupted attack goes on where it was. Each attack stands under the
 * identity of all that decides its verdicts (model, data, plan, seed), so other settings never take another's verdicts.
 */
export class Findings {
  private readonly path: string;
  private readonly byPlan: Map<string, Map<number, Finding>>;
  private savedAt = performance.now();

  private constructor(path: string, byPlan: Map<string, Map<number, Finding>>) {
    this.path = path;
    this.byPlan = byPlan;
  }

  static async open(path: string): Promise<Findings> {
    if (!existsSync(path)) return new Findings(path, new Map());
    const saved = savedSchema.safeParse(parsed(path, await readWhole(path)));
    if (!saved.success)
      throw new InputError(`${path}: expected verdicts of an attack, got something else; delete it to begin anew`);
    const entries = Object.entries(saved.data).map(
      ([key, list]) => [key, new Map(list.map(([index, clean, robust]) => [index, { clean, robust }]))] as const,
    );
    return new Findings(path, new Map(entries));
  }

  /**
   * The verdicts of an attack on these examples, those of before first, the others found now and saved every two seconds and
   * at the end, also when the signal stops it.
   */
  async *attack(
    victim: Victim,
    data: Examples,
    plan: KnownPlan,
    { about, indices, seed, signal }: AttackRun,
  ): AsyncGenerator<{ readonly done: number; readonly of: number }, ReadonlyMap<number, Finding>> {
    const key = identity({ ...about, plan: { ...plan }, seed });
    const known = this.byPlan.get(key) ?? new Map<number, Finding>();
    this.byPlan.set(key, known);
    const left = indices.filter((index) => !known.has(index));
    const of = indices.length;
    yield { done: of - left.length, of };
    if (left.length === 0) return known;
    try {
      for await (const { finished, done } of runAttack(victim, data, plan, { seed, signal, indices: left })) {
        for (const { index, clean, robust } of finished) known.set(index, { clean, robust });
        if (performance.now() - this.savedAt > millisecondsBetweenSaves) await this.save();
        yield { done: of - left.length + done, of };
      }
    } finally {
      await this.save();
    }
    return known;
  }

  private async save(): Promise<void> {
    const plain = [...this.byPlan].map(([key, verdicts]) => [
      key,
      [...verdicts].map(([index, { clean, robust }]) => [index, clean, robust]),
    ]);
    await writeWhole(this.path, Buffer.from(JSON.stringify(Object.fromEntries(plain))));
    this.savedAt = performance.now();
  }
}

export interface AttackRun {
  /** The model and the data, for the identity. */
  readonly about: { readonly model: string; readonly data: Readonly<Record<string, string | number>> };
  readonly indices: readonly number[];
  readonly seed: number;
  readonly signal: AbortSignal;
}

function parsed(path: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new InputError(`${path}: expected JSON, got something else; delete it to begin anew`, { cause });
  }
}
