/** A few lines at the end of the terminal that are drawn anew, above which lasting lines can be printed. */
export interface LiveList {
  /** Prints a line that stays. */
  keep(line: string): void;
  /** Takes the list away and stops drawing. */
  end(): void;
}

const redrawEveryMs = 100;

/** Draws what `lines` says on `stream`, ten times a second, each line cut to the terminal's width. */
export function liveList(stream: NodeJS.WriteStream, lines: () => readonly string[]): LiveList {
  let drawn = 0;
  const erase = () => (drawn === 0 ? "" : `\x1b[${drawn}A\x1b[0J`);
  const draw = (kept = "") => {
    const width = (stream.columns || 80) - 1;
    // A list taller than the terminal could not be erased; its end matters most.
    const now = lines()
      .slice(-Math.max(1, (stream.rows || 24) - 2))
      .map((line) => line.slice(0, width));
    stream.write(`${erase()}${kept}${now.map((line) => `${line}\n`).join("")}`);
    drawn = now.length;
  };
  const timer = setInterval(draw, redrawEveryMs);
  return {
    keep: (line) => draw(`${line}\n`),
    end() {
      clearInterval(timer);
      stream.write(erase());
      drawn = 0;
    },
  };
}
