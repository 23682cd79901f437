import { figure } from "../state/study.ts";

/** What the figure of tau and d says, in sentences. */
export function BoundNote() {
  const { bound } = figure.value;
  if (!bound) return null;
  const { d, maximiser, models, holds, smallestSlack, n, sampleTerms, confidence } = bound;
  const nats = (value: number) => `${value.toFixed(3).replace("-", "−")} nats`;
  return (
    <p class="caption">
      The line is d ≥ {nats(d)}, reached by {maximiser}: the largest |inf l_S − inf l_T| over {models} models, on{" "}
      {n.source} source and {n.target} target training images, and so a lower estimate of the theory's d. τ ≤ d holds
      for {holds} of {models} models; the smallest slack is {nats(smallestSlack)}. For the domains rather than these
      samples, {nats(sampleTerms)} more must be allowed for ({Math.round(100 * confidence)} % confidence, over these
      models).
    </p>
  );
}
