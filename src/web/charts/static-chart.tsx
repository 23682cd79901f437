import { useEffect, useRef } from "preact/hooks";
import { charting } from "./charting.ts";
import type { Spec } from "./spec.ts";
import { useWidth } from "./use-width.ts";

/** A chart that is only looked at; `spec` gets the width that there is. */
export function StaticChart({
  spec,
  label,
  height,
}: {
  readonly spec: (width: number) => Spec;
  readonly label: string;
  readonly height: number;
}) {
  const host = useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const charts = charting.value;
  useEffect(() => {
    if (!charts || width === 0 || !host.current) return;
    const element = host.current;
    const view = charts.viewOf(spec(width));
    void view.initialize(element).runAsync();
    return () => {
      view.finalize();
      element.replaceChildren();
    };
  }, [charts, spec, width]);
  return <div ref={host} class="chart-host" role="img" aria-label={label} style={{ height: `${height}px` }} />;
}
