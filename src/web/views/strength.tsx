import { useCallback } from "preact/hooks";
import type { FigurePoint, Quantity, Ranking } from "../../server/api-figure.ts";
import { light, palette } from "../charts/palette.ts";
import { StaticChart } from "../charts/static-chart.tsx";
import { strengthSpec } from "../charts/strength-spec.ts";
import { chartExports, pointsCsv } from "../data/exports.ts";
import { plural, shown } from "../data/format.ts";
import { param } from "../state/route.ts";
import { figure, lookOf, methodByKind, quantityById, shownQuantities, study } from "../state/study.ts";
import { Empty } from "../ui/empty.tsx";
import { Menu } from "../ui/menu.tsx";
import { MethodName } from "../ui/symbol.tsx";
import { Explained } from "../ui/term.tsx";

/** How a quantity answers to each method's strength, one small panel a method, all on one scale. */
export function StrengthView({ points }: { readonly points: readonly FigurePoint[] }) {
  const y = quantityById.value.get(param("y") ?? "dt");
  if (!y) return null;
  const settings = study.value?.settings ?? [];
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
        const ranking = figure.value.rankings.find(
          ({ setting, family, quantity }) => setting === first.setting && family === first.family && quantity === y.id,
        );
        const where = settings.length > 1 ? settings[first.setting]?.title : undefined;
        return (
          <Response
            key={key}
            members={members}
            vanilla={vanilla}
            y={y}
            domain={domain}
            ranking={ranking}
            where={where}
          />
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
  ranking,
  where,
}: {
  readonly members: readonly FigurePoint[];
  readonly vanilla: FigurePoint | undefined;
  readonly y: Quantity;
  readonly domain: readonly [number, number];
  readonly ranking: Ranking | undefined;
  readonly where: string | undefined;
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
      <footer>
        {ranking ? <RankText ranking={ranking} /> : <span class="soft">too few strengths for a rank correlation</span>}
      </footer>
    </section>
  );
}

function RankText({ ranking: { rho, p, interval, seeds } }: { readonly ranking: Ranking }) {
  const number = (value: number) => value.toFixed(2).replace("-", "−");
  return (
    <Explained
      sentence={`Spearman's rank correlation of strength, weaker to stronger, with this quantity: the mean over ${plural(seeds, "seed")}, with its 95 % interval over them, and the p of Page's test of a trend. 1: it always rises with the strength; −1: it always falls.`}
      formula="ρ = mean over seeds of corr(rank of strength, rank of quantity)"
    >
      <span class="rho">
        ρ = {number(rho)}{" "}
        {interval && (
          <span class="soft">
            [{number(interval.low)}, {number(interval.high)}]
          </span>
        )}{" "}
        {p !== undefined && <span class="soft">p {p < 0.001 ? "< 0.001" : `= ${p.toFixed(3)}`}</span>}
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
