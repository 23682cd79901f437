/** Drives a generator to its end, hands every step on, and gives what it returns. */
export async function toTheEnd<Step, Out>(
  work: AsyncGenerator<Step, Out>,
  onStep: (step: Step) => void = () => {},
): Promise<Out> {
  for (;;) {
    const next = await work.next();
    if (next.done) return next.value;
    onStep(next.value);
  }
}
