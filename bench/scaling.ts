import { type Measured, quantile, summary } from "./measure.ts";
import type { Side } from "./side.ts";

/** Two one-thread processes against one. */
export interface Scaled {
  /** Of both at once: milliseconds a unit, so two units take twice as long. */
  readonly measured: Measured;
  /** Units a second of two processes divided by those of one. */
  readonly throughputRatio: number;
}

const turnMs = 2000;

/**
 * Lets one process work alone and then both at once, round after round, all with the same number of units. What a
 * process does before the other has begun or after it has ended is little against the median of its units.
 */
export async function scale(pair: readonly [Side, Side], rounds: number): Promise<Scaled> {
  const [first, second] = pair;
  for (const side of pair) await side.ask({ do: "repeat", times: 2 });
  const { units: probe } = await first.ask({ do: "repeat", times: 2 });
  const times = Math.max(3, Math.round(turnMs / Math.max(1, probe.at(-1)?.ms ?? turnMs)));
  const [alone, together] = [[] as number[], [] as number[]];
  for (let round = 0; round < rounds; round++) {
    alone.push(median((await first.ask({ do: "repeat", times })).units));
    const both = await Promise.all([first.ask({ do: "repeat", times }), second.ask({ do: "repeat", times })]);
    const unitsPerMs = both.reduce((sum, { units }) => sum + 1 / median(units), 0);
    together.push(1 / unitsPerMs);
  }
  const { peakMb } = await first.ask({ do: "peak" });
  const measured = summary(
    together.map((ms) => ({ ms })),
    peakMb,
  );
  return { measured, throughputRatio: quantile(alone, 0.5) / measured.ms };
}

const median = (units: readonly { readonly ms: number }[]): number =>
  quantile(
    units.map(({ ms }) => ms),
    0.5,
  );
