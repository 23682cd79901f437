import * as jax from "@jax-js/jax";

/** A traced array: what models, losses and regularisers compute with. It has a shape and a dtype, no values. */
export type Traced = jax.Array;

/**
 * jax-js arrays are owned: every use but the last must take `.ref`. While tracing, a reference is only a counter, so
 * here every function borrows its arguments instead, and a model reads like mathematics. Use the functions of `np`,
 * `nn` and `lax` rather than the methods of an array, which still consume it.
 */
function borrow<Args extends readonly unknown[], Out>(fn: (...args: Args) => Out): (...args: Args) => Out {
  return (...args) => fn(...(args.map(borrowed) as unknown as Args));
}

function borrowed(value: unknown): unknown {
  if (value instanceof jax.Array || isTracer(value)) return value.ref;
  if (Array.isArray(value)) return value.map(borrowed);
  if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, borrowed(member)]));
  return value;
}

function isTracer(value: unknown): value is Traced {
  return value !== null && typeof value === "object" && "aval" in value && "ref" in value;
}

function borrowing<Module extends object>(module: Module): Module {
  const members = Object.entries(module).map(([name, member]) => [
    name,
    typeof member === "function" && !/^[A-Z]/.test(name) ? borrow(member) : member,
  ]);
  return Object.fromEntries(members) as Module;
}

const jaxNumpy = borrowing(jax.numpy);

/** x / y in float32. (jax-js's own truncates, or has no meaning, where one side is int32 and the other float32.) */
function divide(x: jax.numpy.ArrayLike, y: jax.numpy.ArrayLike): Traced {
  return jaxNumpy.divide(asFloat(x), asFloat(y));
}

function asFloat(x: jax.numpy.ArrayLike): jax.numpy.ArrayLike {
  return typeof x === "object" && x.dtype !== "float32" ? cast(x, "float32") : x;
}

type Binary = (x: jax.numpy.ArrayLike, y: jax.numpy.ArrayLike) => Traced;

/** A fraction beside whole numbers makes both float32, as in JAX. (jax-js's own cuts 0.5 to 0 without a word.) */
const keepingFractions =
  (fn: Binary): Binary =>
  (x, y) =>
    isFraction(x) || isFraction(y) ? fn(asFloat(x), asFloat(y)) : fn(x, y);

const isFraction = (x: jax.numpy.ArrayLike): boolean => typeof x === "number" && !Number.isInteger(x);

/** jax.numpy as far as jax-js has it; arguments are borrowed. */
export const np = {
  ...jaxNumpy,
  divide,
  trueDivide: divide,
  add: keepingFractions(jaxNumpy.add),
  subtract: keepingFractions(jaxNumpy.subtract),
  multiply: keepingFractions(jaxNumpy.multiply),
  maximum: keepingFractions(jaxNumpy.maximum),
  minimum: keepingFractions(jaxNumpy.minimum),
  power: keepingFractions(jaxNumpy.power),
  less: keepingFractions(jaxNumpy.less),
  lessEqual: keepingFractions(jaxNumpy.lessEqual),
  greater: keepingFractions(jaxNumpy.greater),
  greaterEqual: keepingFractions(jaxNumpy.greaterEqual),
  equal: keepingFractions(jaxNumpy.equal),
  notEqual: keepingFractions(jaxNumpy.notEqual),
  where: (condition: Traced, x: jax.numpy.ArrayLike, y: jax.numpy.ArrayLike): Traced =>
    keepingFractions((a, b) => jaxNumpy.where(condition, a, b))(x, y),
};
/** jax.nn; arguments are borrowed. */
export const nn = borrowing(jax.nn);
/** jax.lax; arguments are borrowed. */
export const lax = borrowing(jax.lax);

/** Elementwise change of type. */
export const cast = (x: Traced, dtype: "float32" | "int32" | "bool"): Traced => x.ref.astype(dtype as jax.DType);

const lifted = <T extends (...args: never[]) => unknown>(transform: T): T =>
  // The transformed function consumes its arguments too, as does the one that vjp returns beside its value.
  ((...args: Parameters<T>) => {
    const out = transform(
      ...(args.map((arg) => (typeof arg === "function" ? keeping(arg) : borrowed(arg))) as Parameters<T>),
    );
    return Array.isArray(out) ? out.map(lending) : lending(out);
  }) as unknown as T;

/** What a function gives back is consumed; it may be an argument, or an array from outside, that is used again. */
function keeping(fn: (...args: never[]) => unknown): (...args: never[]) => unknown {
  return (...args) => borrowed(fn(...args));
}

/** A function of jax-js that borrows its arguments, with its `dispose` if it has one; any other value as it is. */
function lending(value: unknown): unknown {
  return typeof value === "function" ? Object.assign(borrow(value as (...args: unknown[]) => unknown), value) : value;
}

export const grad: typeof jax.grad = lifted(jax.grad);
export const valueAndGrad: typeof jax.valueAndGrad = lifted(jax.valueAndGrad);
export const jvp: typeof jax.jvp = lifted(jax.jvp);
export const vjp: typeof jax.vjp = lifted(jax.vjp);
export const vmap: typeof jax.vmap = lifted(jax.vmap);
export const tree = jax.tree;
