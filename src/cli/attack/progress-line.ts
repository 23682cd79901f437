/** Follows work that yields sentences: one line that is rewritten on a terminal, a line every ten seconds otherwise. */
export function progressLine(): { follow<Out>(work: AsyncGenerator<string, Out>): Promise<Out>; end(): void } {
  const { stderr } = process;
  const everyMs = stderr.isTTY ? 100 : 10_000;
  let last = performance.now();
  let gaveWay = last;
  let drawn = false;
  return {
    async follow(work) {
      for (;;) {
        const next = await work.next();
        if (next.done) return next.value;
        const now = performance.now();
        if (now - gaveWay < 100) continue;
        // Lets Ctrl-C be heard: a graph's run does not give way.
        await new Promise((resolve) => setImmediate(resolve));
        gaveWay = performance.now();
        if (now - last < everyMs) continue;
        last = now;
        drawn = stderr.isTTY;
        stderr.write(stderr.isTTY ? `\r\x1b[K${next.value.slice(0, (stderr.columns ?? 80) - 1)}` : `${next.value}\n`);
      }
    },
    end() {
      if (drawn) stderr.write("\r\x1b[K");
    },
  };
}
