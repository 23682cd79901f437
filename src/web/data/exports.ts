import type { FigurePoint, Quantity } from "../../server/api-figure.ts";
import type { Setting, Summary } from "../../server/api-trial.ts";
import { loadCharting } from "../charts/charting.ts";
import type { Spec } from "../charts/spec.ts";
import { ask, report, saveFile } from "../state/server.ts";
import type { MenuGroup } from "../ui/menu.tsx";

/** What the server makes: the same files as `carryover figure`, and the report. */
export function studyExports(study: string): MenuGroup[] {
  const file = (label: string, name: string, detail: string, path = `export/${name}`) => ({
    label,
    detail,
    run: async () => {
      const response = await ask(`/api/studies/${encodeURIComponent(study)}/${path}`);
      saveFile(`${study}-${name}`, await response.blob());
    },
  });
  if (report) return [];
  return [
    {
      title: "The paper's figure",
      items: [
        file("Figure", "figure.svg", "SVG"),
        file("Figure, 290 dpi", "figure.png", "PNG"),
        file("Specification", "figure.vl.json", "Vega-Lite"),
      ],
    },
    {
      title: "Tables",
      items: [
        file("Every trial", "rows.csv", "CSV"),
        file("Table", "table.tex", "LaTeX"),
        file("Table", "table.md", "Markdown"),
      ],
    },
    { title: "Everything in one file", items: [file("Report with its data", "report.html", "HTML", "report.html")] },
  ];
}

/** A chart as it stands on the page, on white. */
export function chartExports(name: string, spec: () => Spec, csv: () => string): MenuGroup[] {
  return [
    {
      title: "This view",
      items: [
        {
          label: "Image",
          detail: "SVG",
          run: async () => saveFile(`${name}.svg`, await (await loadCharting()).svgOf(spec()), "image/svg+xml"),
        },
        {
          label: "Image",
          detail: "PNG",
          run: async () => saveFile(`${name}.png`, await (await loadCharting()).pngOf(spec())),
        },
        {
          label: "Specification",
          detail: "Vega-Lite",
          run: () => saveFile(`${name}.vl.json`, `${JSON.stringify(spec(), undefined, 2)}\n`, "application/json"),
        },
        { label: "Points", detail: "CSV", run: () => saveFile(`${name}.csv`, csv(), "text/csv") },
      ],
    },
  ];
}

const cell = (value: string | number | undefined) => {
  const text = value === undefined ? "" : `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const csvOf = (lines: readonly (readonly (string | number | undefined)[])[]): string =>
  `${lines.map((line) => line.map(cell).join(",")).join("\r\n")}\r\n`;

/** Points with the mean and the ends of the interval of each quantity, as fractions and nats, unrounded. */
export function pointsCsv(points: readonly FigurePoint[], quantities: readonly Quantity[]): string {
  const head = ["method", "strength", "seeds", ...quantities.flatMap(({ id }) => [id, `${id}_low`, `${id}_high`])];
  return csvOf([
    head,
    ...points.map((point) => [
      point.family,
      point.strength,
      point.seeds.length,
      ...quantities.flatMap(({ id }) => {
        const estimate = point.estimates[id];
        return [estimate?.mean, estimate?.interval?.low, estimate?.interval?.high];
      }),
    ]),
  ]);
}

/** The trials of the table as they are filtered and sorted. */
export function trialsCsv(
  trials: readonly Summary[],
  quantities: readonly Quantity[],
  settings: readonly Setting[],
): string {
  const settingText = ({ title, attack, protocol }: Setting) => `${title} · ${attack} · ${protocol}`;
  const texts = settings.map(settingText);
  return csvOf([
    [
      "trial_id",
      "method",
      "seed",
      "source",
      "target",
      "setting",
      "status",
      "health",
      ...quantities.map(({ id }) => id),
    ],
    ...trials.map((trial) => [
      trial.id,
      trial.label,
      trial.seed,
      settings[trial.setting]?.source,
      settings[trial.setting]?.target,
      texts[trial.setting],
      trial.status,
      trial.health,
      ...quantities.map(({ id }) => trial.numbers[id]),
    ]),
  ]);
}
