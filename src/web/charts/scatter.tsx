import { useEffect, useRef, useState } from "preact/hooks";
import type { View } from "vega";
import type { FigurePoint } from "../../server/api-figure.ts";
import { focused } from "../state/focus.ts";
import { charting } from "./charting.ts";
import { type Dot, dotsOf } from "./dots.ts";
import { PointCard } from "./point-card.tsx";
import { type ScatterOptions, scatterSpec, type Zoom } from "./scatter-spec.ts";
import { useWidth } from "./use-width.ts";

type Options = Omit<ScatterOptions, "width" | "height" | "zoom">;

export interface ScatterProps extends Options {
  readonly points: readonly FigurePoint[];
  readonly zoom: Zoom | undefined;
  onZoom(zoom: Zoom | undefined): void;
  onOpen(point: FigurePoint): void;
  onHover(family: string | undefined): void;
  readonly label: string;
}

interface Shown {
  readonly point: FigurePoint;
  readonly left: number;
  readonly top: number;
}

/** The scatter with what a hand does to it: hover tells, click opens, dragging a frame zooms, arrow keys walk the dots. */
export function Scatter({ points, zoom, onZoom, onOpen, onHover, label, ...options }: ScatterProps) {
  const frame = useRef<HTMLDivElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<View | undefined>(undefined);
  const width = useWidth(frame);
  const height = Math.round(Math.max(300, Math.min(500, 0.64 * width)));
  const [shown, setShown] = useState<Shown | undefined>(undefined);
  const [brush, setBrush] = useState<Box | undefined>(undefined);
  const byId = new Map(points.map((point) => [point.id, point]));
  const { x, y, intervals, lines, bound, colours } = options;
  const charts = charting.value;
  const focus = focused.value;

  // The focus changes by a signal of the view, below, and does not draw it anew.
  useEffect(() => {
    if (!charts || width === 0 || !host.current) return;
    const element = host.current;
    const next = charts.viewOf(scatterSpec(points, { ...options, width, height, zoom }));
    let current = true;
    next.initialize(element).hover();
    next.addEventListener("mousemove", (_, item) => {
      const dot = item?.datum as Dot | undefined;
      const point = dot?.id === undefined ? undefined : byId.get(dot.id);
      setShown(point && dot ? placeOf(next, point, dot) : undefined);
      onHover(point?.family);
    });
    next.addEventListener("click", (_, item) => {
      const point = byId.get((item?.datum as Dot | undefined)?.id ?? "");
      if (point) onOpen(point);
    });
    void next
      .signal("focus", focus ?? null)
      .runAsync()
      .then(() => {
        if (current) view.current = next;
      });
    return () => {
      current = false;
      view.current = undefined;
      next.finalize();
      element.replaceChildren();
    };
  }, [charts, points, width, height, x, y, intervals, lines, bound, colours, zoom]);

  useEffect(() => {
    void view.current?.signal("focus", focus ?? null).runAsync();
  }, [focus]);

  const walk = (event: KeyboardEvent) => {
    if (!view.current) return;
    const dots = dotsOf(points, options).sort((a, b) => a.x - b.x);
    const at = dots.findIndex(({ id }) => id === shown?.point.id);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step !== undefined && dots.length > 0) {
      event.preventDefault();
      const dot = dots[(at + step + dots.length) % dots.length];
      const point = dot && byId.get(dot.id);
      if (dot && point) setShown(placeOf(view.current, point, dot));
    } else if (event.key === "Enter" && shown) onOpen(shown.point);
    else if (event.key === "Escape" && (shown || zoom)) {
      event.stopPropagation();
      if (shown) setShown(undefined);
      else onZoom(undefined);
    }
  };

  const pointIn = (event: PointerEvent) => {
    const box = frame.current?.getBoundingClientRect();
    return { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) };
  };
  const begin = (event: PointerEvent) => {
    if (event.button !== 0 || event.pointerType === "touch") return;
    const at = pointIn(event);
    setBrush({ from: at, to: at });
  };
  const drag = (event: PointerEvent) => {
    if (brush) setBrush({ from: brush.from, to: pointIn(event) });
  };
  const release = () => {
    if (!brush || !view.current) return setBrush(undefined);
    const { from, to } = brush;
    setBrush(undefined);
    if (Math.abs(to.x - from.x) < 8 || Math.abs(to.y - from.y) < 8) return;
    onZoom(zoomOf(view.current, brush));
  };

  return (
    <div
      class="scatter"
      ref={frame}
      tabIndex={0}
      role="application"
      aria-label={`${label}. Arrow keys walk the dots, Enter opens one, dragging a frame zooms.`}
      onKeyDown={walk}
      onPointerDown={begin}
      onPointerMove={drag}
      onPointerUp={release}
      onPointerLeave={() => {
        setBrush(undefined);
        setShown(undefined);
        onHover(undefined);
      }}
      onDblClick={() => onZoom(undefined)}
      style={{ minHeight: `${height}px` }}
    >
      <div ref={host} class="chart-host" />
      {brush && <div class="brush" style={boxStyle(brush)} />}
      {shown && <PointCard {...shown} x={x} y={y} within={width} />}
      <div class="sr-only" aria-live="polite">
        {shown?.point.label}
      </div>
    </div>
  );
}

interface Box {
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
}

const boxStyle = ({ from, to }: Box) => ({
  left: `${Math.min(from.x, to.x)}px`,
  top: `${Math.min(from.y, to.y)}px`,
  width: `${Math.abs(to.x - from.x)}px`,
  height: `${Math.abs(to.y - from.y)}px`,
});

type Scale = ((value: number) => number) & { invert(pixel: number): number };

/** Where a dot is within the frame. */
function placeOf(view: View, point: FigurePoint, dot: Dot): Shown {
  const [left, top] = view.origin() as [number, number];
  const across = (view.scale("x") as Scale)(dot.x);
  const up = (view.scale("y") as Scale)(dot.y);
  return { point, left: left + across, top: top + up };
}

function zoomOf(view: View, { from, to }: Box): Zoom {
  const [left, top] = view.origin() as [number, number];
  const [across, up] = [view.scale("x") as Scale, view.scale("y") as Scale];
  const ends = (a: number, b: number): [number, number] => (a < b ? [a, b] : [b, a]);
  return {
    x: ends(across.invert(from.x - left), across.invert(to.x - left)),
    y: ends(up.invert(from.y - top), up.invert(to.y - top)),
  };
}
