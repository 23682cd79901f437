import type { Quantity } from "../../server/api-figure.ts";

export type { Quantity };
export type QuantityUnit = Quantity["unit"];

export interface Interval {
  readonly low: number;
  readonly high: number;
}
