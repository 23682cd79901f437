import type { ComponentChildren } from "preact";
import { useCallback } from "preact/hooks";
import type { Ranking } from "../../server/api-claims.ts";
import type { FigurePoint, Quantity } from "../../server/api-figure.ts";
import { light, palette } from "../charts/palette.ts";
import { StaticChart } from "../charts/static-chart.tsx";
import { strengthSpec } from "../charts/strength-spec.ts";
import { chartExports, pointsCsv } from "../data/exports.ts";
import { plural, shown } from "../data/format.ts";
import { settingNames } from "../data/settings.ts";
import { type AskedClaims, useClaims } from "../state/claims.ts";
import { param } from "../state/route.ts";
import { lookOf, methodByKind, quantityById, shownQuantities, study } from "../state/study.ts";
import { Empty } from "../ui/empty.tsx";
import { Menu } from "../ui/menu.tsx";
import { MethodName } from "../ui/symbol.tsx";
import { Explained } from "../ui/term.tsx";

/** How a quantity answers to each method's strength, one small panel a method, all on one scale. */
export function StrengthView({ points }: { readonly points: readonly FigurePoint[] }) {
  const y = quantityById.value.get(param("y") ?? "dt");
  const asked = useClaims();
  if (!y) return null;
  const names = settingNames(study.value?.settings ?? []);
  const swept = points.filter(({ ranks, family, estimates }) => ranks > 1 && family !== "vanilla" && estimates[y.id]);
  if (swept.length === 0)
    return (
      <Empty title="No method has two strengths yet">
        A response needs at least two: <code>--set strengths.jr=0.01,0.1,1</code>
      </Empty>
    );
  const domain = domainOf([...swept, ...points.filter(({ family }) => family === "vanilla")], y);
  const groups = [...Map.groupBy(swept, ({ setting, family }) => `${setting}:${family}`)];
  return (
    <div class="strength-grid">
      {groups.map(([key, members]) => {
        const [first] = members;
        if (!first) return null;
        const vanilla = points.find(({ family, setting }) => family === "vanilla" && setting === first.setting);
        return (
          <Response key={key} members={members} vanilla={vanilla} y={y} domain={domain} where={names[first.setting]}>
            <Trend asked={asked} of={first} quantity={y.id} />
          </Response>
        );
      })}
    </div>
  );
}

function Response({
  members,
  vanilla,
  y,
  domain,
  where,
  children,
}: {
  readonly members: readonly FigurePoint[];
  readonly vanilla: FigurePoint | undefined;
  readonly y: Quantity;
  readonly domain: readonly [number, number];
  readonly where: string | undefined;
  readonly children: ComponentChildren;
}) {
  const family = members[0]?.family ?? "";
  const look = lookOf(family);
  const [said = ""] = (methodByKind.value.get(family)?.unit ?? "").split(",");
  // A narrow panel has no room for a long one; the trial's page has it whole.
  const unit = said !== "" && said.length <= 30 ? said : "strength";
  const colours = palette.value;
  const spec = useCallback(
    (width: number) => strengthSpec(members, vanilla, { y, width, height: 190, unit, domain, colours }),
    [members, vanilla, y, unit, domain[0], domain[1], colours],
  );
  const saved = () => strengthSpec(members, vanilla, { y, width: 320, height: 240, unit, domain, colours: light });
  return (
    <section class="card panel small" aria-label={look.legend}>
      <header>
        <div>
          <h3>
            <MethodName family={family} label={look.legend} />
          </h3>
          {where && <p class="soft">{where}</p>}
        </div>
        <Menu
          label={`Save the response of ${look.legend}`}
          icon="download"
          quiet
          groups={chartExports(`${study.value?.name}-${family}-strength`, saved, () =>
            pointsCsv(members, shownQuantities.value),
          )}
        />
      </header>
      <StaticChart spec={spec} height={190} label={`${y.label} against the strength of ${look.legend}`} />
      <footer>{children}</footer>
    </section>
  );
}

/** The claims' own trend of a method in a setting, or why there is none. */
function Trend({
  asked: { claims, problem },
  of: { setting, family },
  quantity,
}: {
  readonly asked: AskedClaims;
  readonly of: FigurePoint;
  readonly quantity: string;
}) {
  const found = claims?.rankings.find(
    (each) => each.setting === setting && each.family === family && each.quantity === quantity,
  );
  if (found) return <RankText ranking={found} />;
  const reason =
    problem ??
    (!claims
      ? "judging the trend…"
      : family.includes(" + ")
        ? "no trend: the strengths of a combination have no one order"
        : "no trend: it takes vanilla and two strengths of one seed that did not collapse");
  return <span class="soft">{reason}</span>;
}

function RankText({ ranking: { rho, p, interval, seeds, levels, collapsed } }: { readonly ranking: Ranking }) {
  const number = (value: number) => value.toFixed(2).replace("-", "−");
  return (
    <Explained
      sentence={`As in the claims: Spearman's rank correlation of strength, vanilla being the weakest of ${levels} levels, with this quantity: the mean over ${plural(seeds, "seed")}; in brackets the 95 % percentiles of a bootstrap over seeds and, for accuracies that the claims judge, test examples; the p of Page's test of a trend is Holm's over the methods. Collapsed trials are left out. 1: it always rises with the strength; −1: it always falls.`}
      formula="ρ = mean over seeds of corr(rank of strength, rank of quantity)"
    >
      <span class="rho">
        ρ = {number(rho)}{" "}
        {interval && (
          <span class="soft">
            [{number(interval.low)}, {number(interval.high)}]
          </span>
        )}{" "}
        <span class="soft">p {p < 0.001 ? "< 0.001" : `= ${p.toFixed(3)}`}</span>
        {collapsed > 0 && <span class="warn"> · without {collapsed} collapsed</span>}
      </span>
    </Explained>
  );
}

/** One scale for all, from every mean and seed. */
function domainOf(points: readonly FigurePoint[], y: Quantity): readonly [number, number] {
  const values = points.flatMap(({ estimates }) => {
    const estimate = estimates[y.id];
    return estimate ? [estimate.mean, ...estimate.values].map((value) => shown(value, y.unit)) : [];
  });
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const padding = 0.1 * (high - low || 1);
  return [low - padding, high + padding];
}
