import type { RandomStream } from "../../src/base/index.ts";

/** A stream that gives what it is told: whole numbers for `below`, fractions for `uniform`. */
export function told(...values: number[]): RandomStream {
  const next = () => {
    const value = values.shift();
    if (value === undefined) throw new Error("drew more numbers than were told");
    return value;
  };
  return { uniform: next, below: next, normal: next };
}
