export interface Throttled {
  /** Wants the work done: at once, or as soon as the pause after the last time is over. */
  want(): void;
  /** Forgets what is wanted. */
  stop(): void;
}

/**
 * Work that is done at most once in `pauseMs`, however often it is wanted: what already waits is left standing, so that it is
 * done in time also while it is wanted again and again. Once it has begun, the next want waits for its end too.
 */
export function throttled(work: () => Promise<void>, pauseMs: number): Throttled {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastAt = Number.NEGATIVE_INFINITY;
  let busy = false;
  let wantedAgain = false;
  let stopped = false;
  const begin = async (): Promise<void> => {
    timer = undefined;
    lastAt = Date.now();
    busy = true;
    try {
      await work();
    } finally {
      busy = false;
      if (wantedAgain) want();
    }
  };
  const want = (): void => {
    if (stopped || timer !== undefined) return;
    wantedAgain = busy;
    if (!busy) timer = setTimeout(() => void begin(), Math.max(0, lastAt + pauseMs - Date.now()));
  };
  return {
    want,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
