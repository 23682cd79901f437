/** A queue between callbacks that push and one loop that pulls; it holds what has not been pulled yet. */
export interface Channel<T> extends AsyncIterable<T> {
  push(item: T): void;
  /** No more items: the loop ends after those that wait. */
  close(): void;
  /** The loop throws `error` after those that wait. */
  fail(error: unknown): void;
}

export function channel<T>(): Channel<T> {
  const items: T[] = [];
  let ended = false;
  let failure: { readonly error: unknown } | undefined;
  let wake = () => {};
  return {
    push(item) {
      items.push(item);
      wake();
    },
    close() {
      ended = true;
      wake();
    },
    fail(error) {
      failure ??= { error };
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (items.length > 0) yield* items.splice(0);
        if (failure) throw failure.error;
        if (ended) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
