import type { FigurePoint } from "../../server/api-figure.ts";
import { intervalText, numberText, plural, unitText } from "../data/format.ts";
import { quantityById } from "../state/study.ts";
import { MethodName } from "../ui/symbol.tsx";
import type { Axis } from "./dots.ts";

/** What is said of a dot beside it. */
export function PointCard({
  point,
  left,
  top,
  x,
  y,
  within,
}: {
  readonly point: FigurePoint;
  readonly left: number;
  readonly top: number;
  readonly x: Axis;
  readonly y: Axis;
  readonly within: number;
}) {
  const axes = [y, x].flatMap((axis) => (axis === "strength" ? [] : [axis.id]));
  const ids = [...new Set([...axes, "robust", "dt", "source", "target"])];
  const right = left > within - 260;
  return (
    <div class={`point-card${right ? " left" : ""}`} style={{ left: `${left}px`, top: `${top}px` }}>
      <div class="point-title">
        <MethodName family={point.family} label={point.label} />
        <span class="soft">{plural(point.seeds.length, "seed")}</span>
      </div>
      <dl>
        {ids.map((id) => {
          const quantity = quantityById.value.get(id);
          const estimate = point.estimates[id];
          if (!quantity || !estimate) return null;
          return (
            <div key={id}>
              <dt>{quantity.short}</dt>
              <dd>
                <b>{numberText(estimate.mean, quantity.unit)}</b> {unitText[quantity.unit]}{" "}
                <span class="soft">{intervalText(estimate.interval, quantity.unit)}</span>
              </dd>
            </div>
          );
        })}
      </dl>
      {point.health && point.health !== "ok" && <p class="warn">Health of the attack: {point.health}</p>}
      {point.notes.slice(0, 2).map((note) => (
        <p class="warn" key={note}>
          {note}
        </p>
      ))}
      <p class="soft hint">Click to open</p>
    </div>
  );
}
