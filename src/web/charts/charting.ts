import { signal } from "@preact/signals";

/** What draws charts, as soon as it is there: most of the page's script, which must not stand before its first sight. */
export const charting = signal<typeof import("./vega.ts") | undefined>(undefined);

/** Fetches it, in what time the first sight leaves. */
export async function loadCharting(): Promise<typeof import("./vega.ts")> {
  charting.value ??= await import("./vega.ts");
  return charting.value;
}
