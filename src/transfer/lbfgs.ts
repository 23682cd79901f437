/** A smooth function at a point: its value and gradient. */
export interface Evaluated {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface LbfgsOptions {
  /** Stop when the gradient's largest component is at most this. */
  readonly tolerance?: number;
  readonly maxIterations?: number;
  /** Pairs of steps and gradient changes that are remembered. */
  readonly memory?: number;
  /** Multiplies by a first guess of the inverse Hessian, whose scale is then adapted; the identity when left out. */
  readonly precondition?: (vector: Float64Array) => Float64Array;
}

/** Where the search is. */
interface Iterate extends Evaluated {
  readonly point: Float64Array;
  readonly iterations: number;
}

export interface Minimum extends Iterate {
  /** Largest component of the gradient. */
  readonly gradientNorm: number;
  /** The gradient's largest component reached the tolerance. */
  readonly converged: boolean;
}

/**
 * Minimises a smooth convex function by L-BFGS (Nocedal 1980; Nocedal and Wright, Numerical Optimization, algorithms 7.4
 * and 7.5) with backtracking by quadratic interpolation.
 *
 * Yields where it is after each iteration. It ends converged, or at the iteration limit, or when no step decreases the value any further in float64.
 */
export function* lbfgs(
  fn: (point: Float64Array) => Evaluated,
  start: Float64Array,
  { tolerance = 1e-5, maxIterations = 1000, memory = 12, precondition = (vector) => vector.slice() }: LbfgsOptions = {},
): Generator<Iterate, Minimum> {
  let point = start;
  let current = fn(point);
  const pairs: Pair[] = [];
  let iterations = 0;
  while (iterations < maxIterations && largest(current.gradient) > tolerance) {
    const direction = descentDirection(current.gradient, pairs, precondition);
    const next = backtrack(fn, point, current, direction);
    if (!next) break;
    remember(pairs, memory, point, current, next);
    ({ point, current } = next);
    yield { point, ...current, iterations: ++iterations };
  }
  const gradientNorm = largest(current.gradient);
  return { point, ...current, gradientNorm, iterations, converged: gradientNorm <= tolerance };
}

/** A step s and the gradient's change y over it, with 1 / <s, y>. */
interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  readonly rho: number;
}

interface Reached {
  readonly point: Float64Array;
  readonly current: Evaluated;
}

/** The two-loop recursion: minus the approximate inverse Hessian times the gradient. */
function descentDirection(
  gradient: Float64Array,
  pairs: readonly Pair[],
  precondition: (vector: Float64Array) => Float64Array,
): Float64Array {
  let q: Float64Array = gradient.slice();
  const alphas = pairs.toReversed().map(({ s, y, rho }) => {
    const alpha = rho * dot(s, q);
    q = addScaled(q, y, -alpha);
    return alpha;
  });
  const last = pairs.at(-1);
  let r = precondition(q);
  // The newest pair's <s, y> / <y, P y> is the scale of the inverse Hessian along it, P the preconditioner.
  const scale = last ? 1 / (last.rho * dot(last.y, precondition(last.y))) : 1 / Math.max(1, Math.sqrt(dot(r, r)));
  r = r.map((value) => scale * value);
  for (const [i, { s, y, rho }] of pairs.entries()) {
    const beta = rho * dot(y, r);
    r = addScaled(r, s, (alphas[pairs.length - 1 - i] ?? 0) - beta);
  }
  return r.map((value) => -value);
}

/** Values that differ by less than this share are equal for float64 sums of many terms. */
const rounding = 1e-12;

/**
 * The first step of 1, then smaller ones, that decreases the value sufficiently. Where differences of values drown in
 * rounding, the slope at the new point decides instead (Hager and Zhang 2005, approximate Wolfe).
 */
function backtrack(
  fn: (point: Float64Array) => Evaluated,
  point: Float64Array,
  { value, gradient }: Evaluated,
  direction: Float64Array,
): Reached | undefined {
  const slope = dot(gradient, direction);
  if (!(slope < 0)) return undefined;
  let step = 1;
  for (let tries = 0; tries < 40; tries++) {
    const there = addScaled(point, direction, step);
    const current = fn(there);
    if (current.value <= value + 1e-4 * step * slope) return { point: there, current };
    if (current.value <= value + rounding * Math.abs(value) && dot(current.gradient, direction) <= -0.9998 * slope)
      return { point: there, current };
    const minimum = (-slope * step * step) / (2 * (current.value - value - slope * step));
    step = Number.isFinite(minimum) ? Math.min(0.5 * step, Math.max(0.1 * step, minimum)) : 0.1 * step;
  }
  return undefined;
}

function remember(pairs: Pair[], memory: number, point: Float64Array, before: Evaluated, next: Reached): void {
  const s = addScaled(next.point, point, -1);
  const y = addScaled(next.current.gradient, before.gradient, -1);
  const curvature = dot(s, y);
  // Flat or noisy in float64: such a pair would spoil the approximation.
  if (!(curvature > 1e-14 * Math.sqrt(dot(s, s) * dot(y, y)))) return;
  pairs.push({ s, y, rho: 1 / curvature });
  if (pairs.length > memory) pairs.shift();
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function addScaled(a: Float64Array, b: Float64Array, scale: number): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = (a[i] as number) + scale * (b[i] as number);
  return out;
}

function largest(vector: Float64Array): number {
  let most = 0;
  for (let i = 0; i < vector.length; i++) most = Math.max(most, Math.abs(vector[i] as number));
  return most;
}
