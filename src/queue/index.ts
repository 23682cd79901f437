export { type PoolEvent, type PoolOptions, runPool, type TrialFailure } from "./pool.ts";
