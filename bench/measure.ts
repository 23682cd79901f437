import type { Pace, Parts } from "./lines/index.ts";
import type { Unit } from "./protocol.ts";
import type { Side } from "./side.ts";

/** What was measured of one side. Times are milliseconds a unit. */
export interface Measured {
  readonly ms: number;
  /** First and third quartile. */
  readonly spreadMs: readonly [number, number];
  readonly units: number;
  readonly peakMb: number;
  /** Medians of the parts that the units told. */
  readonly parts: Parts;
}

/** How long one turn of a side should be. */
const turnMs = 1500;
const mostUnitsPerTurn = 20;

/** Threads of the side before it may still be spinning in wait of more work. */
const pauseMs = 60;

/**
 * Lets prepared sides take turns, A B C A B C, so that whatever else the machine does meets all of them, and gives
 * medians over all units. Each side warms up first, for two units or a second; a turn is about 1.5 seconds.
 */
export async function alternate(
  sides: readonly Side[],
  { rounds, pace = {} }: { readonly rounds: number; readonly pace?: Pace },
): Promise<Measured[]> {
  const turns = [];
  for (const side of sides) turns.push({ side, times: await warmUp(side, pace), units: [] as Unit[] });
  for (let round = 0; round < Math.min(rounds, pace.mostRounds ?? rounds); round++)
    for (const { side, times, units } of turns) {
      await pause();
      units.push(...(await side.ask({ do: "repeat", times })).units);
    }
  const measured = [];
  for (const { side, units } of turns) measured.push(summary(units, (await side.ask({ do: "peak" })).peakMb));
  return measured;
}

/** Runs a side until it is warm; returns how many units make a turn. */
async function warmUp(side: Side, { warmUp: wanted, unitsPerTurn }: Pace): Promise<number> {
  let last = turnMs;
  let spent = 0;
  for (let unit = 0; wanted === undefined ? unit < 2 || (spent < 1000 && unit < 20) : unit < wanted; unit++) {
    const { units } = await side.ask({ do: "repeat", times: 1 });
    last = units[0]?.ms ?? last;
    spent += last;
  }
  return unitsPerTurn ?? Math.min(mostUnitsPerTurn, Math.max(1, Math.round(turnMs / last)));
}

const pause = () => new Promise((resolve) => setTimeout(resolve, pauseMs));

export function summary(units: readonly Unit[], peakMb: number): Measured {
  const times = units.map(({ ms }) => ms);
  const names = [...new Set(units.flatMap(({ parts }) => Object.keys(parts ?? {})))];
  const parts = names.map(
    (name) =>
      [
        name,
        quantile(
          units.flatMap((unit) => unit.parts?.[name] ?? []),
          0.5,
        ),
      ] as const,
  );
  return {
    ms: quantile(times, 0.5),
    spreadMs: [quantile(times, 0.25), quantile(times, 0.75)],
    units: units.length,
    peakMb,
    parts: Object.fromEntries(parts),
  };
}

/** With linear interpolation between neighbours; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  if (low === undefined || high === undefined) return Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}
