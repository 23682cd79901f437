import { type Measured, quantile, summary } from "./measure.ts";
import type { Unit } from "./protocol.ts";
import type { Side } from "./side.ts";

/** Two one-thread processes of one side, prepared for the same work. */
export type Pair = readonly [Side, Side];

/** Two one-thread processes against one. */
export interface Scaled {
  /** Of both at once: milliseconds a unit, so two units take twice as long. */
  readonly measured: Measured;
  /** Units a second of two processes divided by those of one. */
  readonly throughputRatio: number;
}

const turnMs = 2000;

/**
 * Lets one process of a pair work alone and then both at once, and the pairs take turns, round after round. What a
 * process does before its twin has begun or after it has ended is little against the median of its units.
 */
export async function scale(pairs: readonly Pair[], rounds: number): Promise<Scaled[]> {
  const turns = [];
  for (const pair of pairs)
    turns.push({ pair, times: await warmUp(pair), alone: [] as number[], together: [] as number[] });
  for (let round = 0; round < rounds; round++)
    for (const { pair, times, alone, together } of turns) {
      const [first, second] = pair;
      alone.push(median((await first.ask({ do: "repeat", times })).units));
      const both = await Promise.all([first.ask({ do: "repeat", times }), second.ask({ do: "repeat", times })]);
      const unitsPerMs = both.reduce((sum, { units }) => sum + 1 / median(units), 0);
      together.push(1 / unitsPerMs);
    }
  const scaled = [];
  for (const { pair, alone, together } of turns) {
    const { peakMb } = await pair[0].ask({ do: "peak" });
    const units = together.map((ms) => ({ ms }));
    const measured = summary(units, peakMb);
    scaled.push({ measured, throughputRatio: quantile(alone, 0.5) / measured.ms });
  }
  return scaled;
}

/** Returns how many units make a turn. */
async function warmUp(pair: Pair): Promise<number> {
  for (const side of pair) await side.ask({ do: "repeat", times: 2 });
  const { units } = await pair[0].ask({ do: "repeat", times: 2 });
  return Math.max(3, Math.round(turnMs / Math.max(1, units.at(-1)?.ms ?? turnMs)));
}

const median = (units: readonly Unit[]): number =>
  quantile(
    units.map(({ ms }) => ms),
    0.5,
  );
