import type { FigurePoint } from "../../server/api-figure.ts";
import { intervalText, numberText, unitText } from "../data/format.ts";
import { settingNames } from "../data/settings.ts";
import { focused } from "../state/focus.ts";
import { hrefOf, param, setQuery } from "../state/route.ts";
import { shownQuantities, study } from "../state/study.ts";
import { HealthBadge } from "../ui/badge.tsx";
import { Icon } from "../ui/icons.tsx";
import { MethodName } from "../ui/symbol.tsx";
import { Term } from "../ui/term.tsx";

const columns = ["dt", "robust", "source", "target", "tau"];

const hasIntervals = (points: readonly FigurePoint[], id: string) =>
  points.some(({ estimates }) => estimates[id]?.interval !== undefined);

/** The dots of the figure as numbers. */
export function PointsTable({ points }: { readonly points: readonly FigurePoint[] }) {
  const quantities = shownQuantities.value.filter(({ id }) => columns.includes(id));
  const sort = param("points") ?? "";
  const [by = "", direction = ""] = sort.split(":");
  const sign = direction === "up" ? 1 : -1;
  const ordered = by
    ? points.toSorted((a, b) => sign * ((a.estimates[by]?.mean ?? -Infinity) - (b.estimates[by]?.mean ?? -Infinity)))
    : points;
  const names = settingNames(study.value?.settings ?? []);
  return (
    <section class="card table-card">
      <header>
        <h3>Points</h3>
        <p class="soft">Means over seeds with 95 % intervals.</p>
      </header>
      <div class="scroll-x">
        <table>
          <thead>
            <tr>
              <th scope="col">Method</th>
              {names.length > 1 && <th scope="col">Setting</th>}
              <th scope="col" class="number">
                Seeds
              </th>
              {quantities.map(({ id, short, unit }) => (
                <th
                  key={id}
                  scope="col"
                  class={hasIntervals(points, id) ? "wide number" : "number"}
                  aria-sort={by === id ? (sign > 0 ? "ascending" : "descending") : "none"}
                >
                  <Term id={id}>{short}</Term>{" "}
                  <button
                    type="button"
                    class="sort"
                    aria-label={`Sort by ${short}`}
                    onClick={() => setQuery({ points: by !== id ? `${id}:down` : sign < 0 ? `${id}:up` : undefined })}
                  >
                    {unitText[unit]}
                    {by === id && <Icon name={sign > 0 ? "up" : "down"} />}
                  </button>
                </th>
              ))}
              <th scope="col">Health</th>
            </tr>
          </thead>
          <tbody>
            {ordered.map((point) => (
              <tr
                key={point.id}
                class={focused.value === point.family ? "focused" : ""}
                onMouseEnter={() => {
                  focused.value = point.family;
                }}
                onMouseLeave={() => {
                  focused.value = undefined;
                }}
              >
                <th scope="row">
                  <a href={hrefOf(study.value?.name ?? "", "trial", { trial: point.trials[0] })}>
                    <MethodName family={point.family} label={point.label} />
                  </a>
                </th>
                {names.length > 1 && <td class="soft">{names[point.setting]}</td>}
                <td class="number">{point.seeds.length}</td>
                {quantities.map(({ id, unit }) => {
                  const estimate = point.estimates[id];
                  return (
                    <td key={id} class="number">
                      {numberText(estimate?.mean, unit)}
                      {hasIntervals(points, id) && (
                        <span class="interval">{intervalText(estimate?.interval, unit)}</span>
                      )}
                    </td>
                  );
                })}
                <td>
                  <HealthBadge health={point.health} />
                  {point.collapsed > 0 && <span class="warn"> collapsed</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
