import { mean, symmetricEigen } from "../base/index.ts";

/** One trial's value: of a setting, at a seed. */
export interface Cell {
  readonly setting: number;
  readonly seed: number;
  readonly value: number;
}

/** A difference from the first setting. */
export interface Difference {
  readonly difference: number;
  /** Its standard error in units of the residual deviation. */
  readonly leverage: number;
}

export interface TwoWayFit {
  /** Of each setting but the first; undefined where no chain of common seeds leads to the first. */
  readonly differences: readonly (Difference | undefined)[];
  /** Residual standard deviation; NaN without degrees of freedom. */
  readonly deviation: number;
  /** Trials less what was fitted: (settings - 1) (seeds - 1) where no trial is missing. */
  readonly degrees: number;
}

/** Eigenvalues below this are 0: those of the seeds' matrix are of the size of counts of trials. */
const negligible = 1e-9;

/**
 * Least squares of value = setting + seed + residual, with whatever trials there are. What a seed's trials share (its
 * images, its initial weights) is the seed's own effect and no noise.
 *
 * The settings are swept out: with s_i the share of setting i's trials at each seed, N the number of trials at each seed
 * and C = diag(N) - sum_i n_i s_i s_i', the seeds' effects are b = C^+ q, q_j the sum over seed j of value less its
 * setting's mean, and setting i is mean_i - s_i' b. The difference of two has variance
 * deviation^2 (1 / n_1 + 1 / n_i + (s_i - s_1)' C^+ (s_i - s_1)).
 */
export function twoWayFit(cells: readonly Cell[]): TwoWayFit {
  const seeds = [...new Set(cells.map(({ seed }) => seed))];
  const settings = [...Map.groupBy(cells, ({ setting }) => setting)].sort(([a], [b]) => a - b).map(([, own]) => own);
  const k = seeds.length;
  const matrix = new Float64Array(k * k);
  const sums = new Float64Array(k);
  const add = (to: Float64Array, at: number, value: number) => {
    to[at] = (to[at] as number) + value;
  };
  const swept = settings.map((own) => {
    const centre = mean(own.map(({ value }) => value));
    const shares = seeds.map((seed) => own.filter((cell) => cell.seed === seed).length / own.length);
    for (const { seed, value } of own) {
      add(matrix, seeds.indexOf(seed) * (k + 1), 1);
      add(sums, seeds.indexOf(seed), value - centre);
    }
    for (const [i, a] of shares.entries())
      for (const [j, b] of shares.entries()) add(matrix, i * k + j, -own.length * a * b);
    return { own, centre, shares };
  });
  const { values, vectors } = symmetricEigen(matrix, k);
  const along = (x: ArrayLike<number>, at: number) =>
    seeds.reduce((sum, _, j) => sum + (vectors[at * k + j] as number) * (x[j] as number), 0);
  const directions = [...values.keys()].map((at) => ({ at, size: values[at] as number }));
  const known = directions.filter(({ size }) => size > negligible);
  const free = directions.filter(({ size }) => size <= negligible);
  const effects = seeds.map((_, j) =>
    known.reduce((sum, { at, size }) => sum + ((vectors[at * k + j] as number) * along(sums, at)) / size, 0),
  );
  const fitted = swept.map(
    ({ centre, shares }) => centre - shares.reduce((sum, share, j) => sum + share * (effects[j] as number), 0),
  );
  const degrees = cells.length - settings.length - known.length;
  const squares = swept.reduce(
    (total, { own }, i) =>
      total +
      own.reduce(
        (sum, { seed, value }) => sum + (value - (fitted[i] as number) - (effects[seeds.indexOf(seed)] as number)) ** 2,
        0,
      ),
    0,
  );
  const [first] = swept;
  return {
    deviation: degrees > 0 ? Math.sqrt(squares / degrees) : Number.NaN,
    degrees,
    differences: swept.slice(1).map(({ own, shares }, i) => {
      const apart = shares.map((share, j) => share - (first?.shares[j] ?? 0));
      if (free.some(({ at }) => Math.abs(along(apart, at)) > negligible)) return undefined;
      const between = known.reduce((sum, { at, size }) => sum + along(apart, at) ** 2 / size, 0);
      return {
        difference: (fitted[i + 1] as number) - (fitted[0] as number),
        leverage: Math.sqrt(1 / own.length + 1 / (first?.own.length ?? 0) + between),
      };
    }),
  };
}
