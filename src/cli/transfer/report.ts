import { basename, join } from "node:path";
import {
  type Report,
  type ReportFigure,
  reportMarkdown,
  reportPage,
  wilsonInterval,
  writeWhole,
} from "../../base/index.ts";
import { attackText, renderPng, renderSvg, shotsSpec } from "../../figures/index.ts";
import { predictors } from "../../metrics/predictors/registry.ts";
import { columns, percentText, print, printJson } from "../output.ts";
import type { Estimated, Findings } from "./findings.ts";

/** Writes transfer.json, rows of the few-shot curve as JSON lines, its figure, report.md and report.html; returns the paths. */
export async function writeReport(outDir: string, findings: Findings): Promise<string[]> {
  const paths: string[] = [];
  const write = async (name: string, content: string | Uint8Array) => {
    const path = join(outDir, name);
    await writeWhole(path, typeof content === "string" ? Buffer.from(content) : content);
    paths.push(path);
  };
  await write("transfer.json", `${JSON.stringify(findings, undefined, 2)}\n`);
  const figures: ReportFigure[] = [];
  if (findings.fewShot.length > 0) {
    const svg = await curveOf(findings);
    await write("few-shot.svg", svg);
    await write("few-shot.png", await renderPng(svg));
    figures.push({ title: "Few-shot curve", file: "few-shot.svg", svg });
  }
  const report: Report = { title: titleOf(findings), tables: tablesOf(findings), figures };
  await write("report.md", reportMarkdown(report));
  await write("report.html", reportPage(report, "transfer"));
  return paths;
}

/** Prints the numbers with their n and intervals, and the files; or all of it as one JSON value. */
export function printFindings(findings: Findings, files: readonly string[], json: boolean): void {
  if (json) {
    printJson({ ...findings, files });
    return;
  }
  print(titleOf(findings));
  for (const { title, header, lines } of tablesOf(findings).filter(({ title }) => title !== perClassTitle))
    print(`\n${title}\n${columns(header, lines)}`);
  print("");
  for (const note of findings.notes) print(note);
  for (const file of files) print(file);
}

const titleOf = ({ model, file, target, protocol }: Findings) =>
  `${nameOf(model, file)} to ${target.name}, ${protocol}`;

/** An ONNX graph has no name but its file's. */
const nameOf = (model: string, file: string) => (model === "onnx" ? basename(file) : model);

function curveOf({ model, file, target, protocol, fewShot, accuracy, fewShot: [first] }: Findings): Promise<string> {
  const whole = protocol.startsWith("few-shot") ? undefined : accuracy.value;
  const green = whole === undefined ? "" : ` · green: all ${target.train} training images, ${protocol}`;
  return renderSvg(
    shotsSpec(fewShot, {
      title: `${nameOf(model, file)} to ${target.name}, frozen features`,
      subtitle: `${first?.draws.length} draws a point with 95 % intervals · ${accuracy.n} test images${green} · dashed: largest class`,
      whole,
      chance: target.majority,
    }),
  );
}

export const estimateText = ({ value, low, high }: Pick<Estimated, "value" | "low" | "high">): string =>
  `${percentText(value)} [${percentText(Math.max(0, low))}, ${percentText(Math.min(1, high))}]`;

const perClassTitle = "Each class";

function tablesOf(findings: Findings): Report["tables"] {
  const { accuracy, meanPerClass, target, head, fewShot, notes, side } = findings;
  return [
    {
      title: "Accuracy on the target",
      header: ["number", "value, 95 % interval", "n", "the interval is"],
      lines: [
        ["accuracy", estimateText(accuracy), `${accuracy.n} test images`, accuracy.interval],
        ["mean per class", estimateText(meanPerClass), `${meanPerClass.classes} classes`, meanPerClass.interval],
        ["largest class", percentText(target.majority), `${target.test} test images`, "what always naming it reaches"],
      ],
      notes: [
        `${target.train} images of ${target.classes.length} classes train, ${target.validation} choose${head ? ` the head's penalty (${head.l2}${head.converged ? "" : ", the fit not converged"})` : ""}; images at ${side} x ${side}; seed ${findings.seed}.`,
        ...notes,
      ],
    },
    ...(fewShot.length > 0
      ? [
          {
            title: "Few-shot curve, frozen features",
            header: ["images a class", "accuracy, 95 % interval", "draws"],
            lines: fewShot.map((each) => [`${each.perClass}`, estimateText(each.accuracy), `${each.draws.length}`]),
            notes: [`Intervals: ${fewShot[0]?.accuracy.interval}; all draws share one test set.`],
          },
        ]
      : []),
    robustTable(findings),
    {
      title: "Predictors of transfer",
      header: ["predictor", "value", "training images", "what it is"],
      lines: Object.entries(findings.predictors).map(([name, measured]) => {
        const { label, formula } = predictors[name as keyof typeof predictors];
        return [label, measured.value.toPrecision(4), `${measured.n}`, formula];
      }),
      notes: ["Numbers to compare models on one target by; alone they say little."],
    },
    {
      title: perClassTitle,
      header: ["class", "accuracy", "test images"],
      lines: findings.perClass.map(({ class: name, value, n }) => [name, n > 0 ? percentText(value) : "-", `${n}`]),
      notes: [],
    },
  ];
}

function robustTable({ robust }: Findings): Report["tables"][number] {
  const title = "Robustness of the transferred model";
  if ("reason" in robust) return { title, header: ["attack"], lines: [[`none: ${robust.reason}`]], notes: [] };
  const { accuracy, health, norm, eps, steps } = robust;
  const { value, n } = accuracy;
  const attack = attackText({
    norm: norm === "l2" ? "l2" : "linf",
    eps,
    steps,
    stepSize: eps / 4,
    restarts: 1,
    examples: null,
  });
  return {
    title,
    header: ["attack", "robust accuracy, 95 % interval", "n", "health"],
    lines: [
      [
        attack,
        estimateText({ value, ...wilsonInterval(Math.round(value * n), n) }),
        `${n} test images`,
        health?.verdict ?? "not examined",
      ],
    ],
    notes: [
      "An image counts when it is right and withstood every step of the attack; health tells whether the number can be trusted.",
      ...(health?.flags ?? []),
    ],
  };
}
