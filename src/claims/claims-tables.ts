import type { Interval, ReportTable } from "../base/index.ts";
import { intervalText, points, pText, signed } from "./claim-words.ts";
import type { Contrast } from "./contrasts.ts";
import type { Judgement } from "./judge.ts";
import type { RankedPredictor } from "./predictor-ranking.ts";

/** Verdicts, settings, trends and predictors of a judgement. */
export function claimsTables(judgement: Judgement): ReportTable[] {
  return [verdictTable(judgement), settingTable(judgement), trendTable(judgement), predictorTable(judgement)];
}

function verdictTable({ verdicts, warnings }: Judgement): ReportTable {
  return {
    title: "Verdicts on the paper's claims",
    header: ["claim", "verdict", "evidence"],
    lines: verdicts.map(({ claim, ruling, evidence, missing }) => [
      claim,
      ruling,
      [...evidence, ...(missing === undefined ? [] : [`To decide it: ${missing}.`])].join(" "),
    ]),
    notes: [
      "Tests at 5 % after Holm's correction within each quantity; that a witness has no more of the other quantity is tested among the settings that meet its premise. Supported and contradicted speak of these trials alone.",
      ...warnings.map((warning) => `${warning[0]?.toUpperCase()}${warning.slice(1)}.`),
    ],
  };
}

function settingTable({ dt, robust, target, adjusted }: Judgement): ReportTable {
  const cell = (contrast: Contrast | undefined) =>
    contrast ? `${signed(100 * contrast.difference, 1)} ${intervalText(contrast)}` : "–";
  return {
    title: "Differences from vanilla, in points",
    header: ["setting", "seeds", "DT Acc", "p", "slope-adjusted (ours)", "p", "robust", "p", "target", "p", "source"],
    lines: dt.all.map((contrast, i) => [
      contrast.setting.label,
      `${contrast.setting.rows.length}`,
      cell(contrast),
      pText(contrast.p),
      ...[adjusted, robust, target].flatMap(({ all }) => [cell(all[i]), pText(all[i]?.p)]),
      signed(100 * ((target.all[i]?.difference ?? 0) - contrast.difference), 1),
    ]),
    notes: [
      `Differences from vanilla seed by seed, by least squares of setting + seed; brackets: 95 % intervals by Student's t, with one standard deviation for all settings (DT Acc ${points(dt.deviation)}, ${dt.degrees} degrees of freedom); p is Holm's, over the settings.`,
      `Slope-adjusted transfer is ours, not the paper's: target accuracy less ${adjusted.beta.toFixed(2)} times source accuracy, that slope being the family's own. DT Acc takes 1 for it, and so rewards a loss of source accuracy.`,
    ],
  };
}

function trendTable({ dtTrends, robustTrends }: Judgement): ReportTable {
  const interval = (trend: (typeof dtTrends)[number] | undefined) =>
    trend?.interval ? ` [${signed(trend.interval.low)}, ${signed(trend.interval.high)}]` : "";
  return {
    title: "Rank correlation with strength",
    header: ["method", "levels", "seeds", "with DT Acc", "p", "with robust accuracy", "p"],
    lines: dtTrends.map((trend, i) => {
      const beside = robustTrends[i];
      return [
        trend.kind,
        `${trend.levels}`,
        `${trend.seeds}`,
        `${signed(trend.rho)}${interval(trend)}`,
        pText(trend.p),
        beside ? `${signed(beside.rho)}${interval(beside)}` : "–",
        pText(beside?.p),
      ];
    }),
    notes: [
      "Mean over seeds of Spearman's correlation, vanilla counting as the weakest level; p by Page's permutation test within seeds (exact up to 7 levels), Holm's over the methods; brackets: bootstrap over seeds and test examples, 95 % percentiles, narrow when seeds are few, and nearer to 0 than the correlation where the test examples' noise is as large as the differences.",
    ],
  };
}

function predictorTable({ predictors }: Judgement): ReportTable {
  const cell = (tau: number | undefined, interval: Interval | undefined) =>
    tau === undefined ? "–" : `${signed(tau)}${interval ? ` [${signed(interval.low)}, ${signed(interval.high)}]` : ""}`;
  const [best, second] = predictors.filter(hasTau);
  return {
    title: "Which number ranks DT Acc",
    header: ["predictor", "Kendall's tau with DT Acc", "with target accuracy"],
    lines: predictors.map(({ label, tau, interval, tauTarget, intervalTarget }) => [
      label,
      cell(tau, interval),
      cell(tauTarget, intervalTarget),
    ]),
    notes: [
      `Over ${predictors[0]?.settings ?? 0} settings (means of their seeds); brackets: BCa bootstrap over settings, 95 %. Settings of one method are not independent, so the intervals are on the narrow side.`,
      ...(best && second
        ? [
            `${best.label} ranks DT Acc best here (|tau| ${Math.abs(best.tau).toFixed(2)}), before ${second.label} (${Math.abs(second.tau).toFixed(2)}).`,
          ]
        : []),
      "DT Acc contains minus the source accuracy, so a predictor that falls with source accuracy ranks it for that reason alone: read the last column beside it.",
    ],
  };
}

const hasTau = (predictor: RankedPredictor): predictor is RankedPredictor & { readonly tau: number } =>
  predictor.tau !== undefined;
