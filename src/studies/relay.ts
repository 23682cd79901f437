/** Passes a stage's steps on as events and returns what it returns; frees the stage when the trial is stopped. */
export async function* relayed<Step, Event, Out>(
  run: AsyncGenerator<Step, Out>,
  toEvent: (step: Step) => Event,
): AsyncGenerator<Event, Out> {
  let ended = false;
  try {
    for (;;) {
      const next = await run.next();
      if (next.done) {
        ended = true;
        return next.value;
      }
      yield toEvent(next.value);
    }
  } finally {
    if (!ended) await run.return(undefined as never);
  }
}

/** The same events, and the seconds that they took beside the result. */
export async function* timed<Event, Out>(
  run: AsyncGenerator<Event, Out>,
): AsyncGenerator<Event, { readonly value: Out; readonly seconds: number }> {
  const began = performance.now();
  const value = yield* run;
  return { value, seconds: (performance.now() - began) / 1000 };
}
