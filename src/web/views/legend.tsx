import type { FigurePoint } from "../../server/api-figure.ts";
import { familyColour, palette } from "../charts/palette.ts";
import { focused } from "../state/focus.ts";
import { setQuery } from "../state/route.ts";
import { lookOf } from "../state/study.ts";
import { MethodSymbol } from "../ui/symbol.tsx";

/** Methods as buttons: a click hides and shows one, with Alt or Shift it shows that one alone. */
export function Legend({
  points,
  hidden,
}: {
  readonly points: readonly FigurePoint[];
  readonly hidden: ReadonlySet<string>;
}) {
  const families = [...Map.groupBy(points, ({ family }) => family)];
  const toggle = (family: string, alone: boolean) => {
    const others = families.map(([name]) => name).filter((name) => name !== family);
    const isAlone = !hidden.has(family) && others.every((name) => hidden.has(name));
    const next = alone
      ? isAlone
        ? []
        : others
      : hidden.has(family)
        ? [...hidden].filter((name) => name !== family)
        : [...hidden, family];
    setQuery({ hide: next.join(",") });
  };
  return (
    <aside class="legend" aria-label="Methods">
      <h3>Methods</h3>
      {families.map(([family, members]) => (
        <button
          type="button"
          key={family}
          class={hidden.has(family) ? "off" : ""}
          aria-pressed={!hidden.has(family)}
          title="Click hides or shows; Alt-click shows this one alone"
          onClick={(event) => toggle(family, event.altKey || event.shiftKey)}
          onMouseEnter={() => {
            focused.value = hidden.has(family) ? undefined : family;
          }}
          onMouseLeave={() => {
            focused.value = undefined;
          }}
          style={{ "--colour": familyColour(family, palette.value) }}
        >
          <MethodSymbol family={family} size={13} />
          <span class="legend-name">{lookOf(family).legend}</span>
          <span class="soft">{[...new Set(members.map(({ strength }) => strength))].join(", ")}</span>
        </button>
      ))}
      {hidden.size > 0 && (
        <button type="button" class="link" onClick={() => setQuery({ hide: undefined })}>
          Show all
        </button>
      )}
      <LegendKeys points={points} />
    </aside>
  );
}

function LegendKeys({ points }: { readonly points: readonly FigurePoint[] }) {
  const suspect = points.some(({ health }) => health === "suspect");
  const failed = points.some(({ health }) => health === "failed");
  const collapsed = points.some((point) => point.collapsed > 0);
  if (!suspect && !failed && !collapsed) return null;
  return (
    <ul class="keys">
      {collapsed && (
        <li>
          <i class="key-collapsed" /> collapsed: source accuracy at chance
        </li>
      )}
      {suspect && (
        <li>
          <i class="key-ring dashed" /> robust accuracy is suspect
        </li>
      )}
      {failed && (
        <li>
          <i class="key-ring" /> robust accuracy failed its checks
        </li>
      )}
    </ul>
  );
}
