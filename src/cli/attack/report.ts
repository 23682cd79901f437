import { basename, join } from "node:path";
import { attackAll, attackSheet, type Health, imageAt } from "../../attacks/index.ts";
import { encodePng } from "../../augmentations/index.ts";
import { wilsonInterval, writeWhole } from "../../base/index.ts";
import { curveSpec, renderPng, renderSvg } from "../../figures/index.ts";
import type { AttackRequest } from "../commands/attack.ts";
import { columns, complain, percentText, print, printJson } from "../output.ts";
import type { AtEps, Measuring } from "./measure.ts";

interface Measured {
  readonly measuring: Measuring;
  readonly request: AttackRequest;
  /** The radius that was asked for, then the curve's others. */
  readonly points: readonly AtEps[];
  readonly health: Health | undefined;
}

/** Writes attack.json, the curve's figure and the sheet, as asked for; returns the paths. */
export async function writeAttack({ outDir, ...measured }: Measured & { readonly outDir: string }): Promise<string[]> {
  const { request, points } = measured;
  const paths: string[] = [];
  const write = async (path: string, bytes: Uint8Array) => {
    await writeWhole(path, bytes);
    paths.push(path);
  };
  await write(join(outDir, "attack.json"), Buffer.from(`${JSON.stringify(factsOf(measured), undefined, 2)}\n`));
  if (request.curve) {
    const svg = await renderSvg(curveSpec(points.map(pointOf), curveMeta(measured)));
    await write(join(outDir, "curve.svg"), Buffer.from(svg));
    await write(join(outDir, "curve.png"), await renderPng(svg));
  }
  if (request.sheet !== undefined) {
    const rows = await sheetRows(measured);
    const { imageShape } = measured.measuring.victim;
    if (rows.length === 0) complain("--sheet: no example fell, so there is nothing to show");
    else await write(request.sheet, await encodePng(attackSheet(rows, imageShape)));
  }
  return paths;
}

/** Prints the numbers with their n, the verdict and the files; or all of it as one JSON value. */
export function printAttack({ files, ...measured }: Measured & { readonly files: readonly string[] }): void {
  const { request, points, health, measuring } = measured;
  if (request.json) {
    printJson({ ...factsOf(measured), files });
    return;
  }
  const [main] = points;
  if (!main) return;
  const { n } = main;
  const { model, path } = measuring.subject;
  print(
    `${model.name === "onnx" ? basename(path) : model.name} on ${n} test images of ${measuring.subject.source.dataset}, ${attackText(request)}`,
  );
  print(`clean   ${shareText(main.clean, n)}`);
  print(`robust  ${shareText(main.robust, n)}`);
  if (main.after.length > 1)
    for (const { attack, robust } of main.after) print(`  after ${attack.padEnd(8)} ${shareText(robust, n)}`);
  print(`health  ${health ? `${health.verdict} (${health.examples} examples)` : "not examined"}`);
  for (const flag of health?.flags ?? []) print(`! ${flag}`);
  const chance = 1 / measuring.victim.classes;
  if (wilsonInterval(main.clean, n).low <= chance)
    print(`! clean: no better than chance (${percentText(chance)}), so the robust number says nothing`);
  if (request.curve)
    print(
      `\n${columns(
        ["eps", "robust"],
        points.toSorted((a, b) => a.eps - b.eps).map(({ eps, robust }) => [`${eps}`, shareText(robust, n)]),
      )}`,
    );
  for (const file of files) print(file);
}

function factsOf({ measuring, request, points, health }: Measured) {
  const { attack, norm } = request;
  return {
    model: measuring.subject.model.name,
    checkpoint: measuring.checkpoint,
    ...measuring.subject.source,
    attack,
    norm,
    ...countsOf(request),
    points: points.map((point) => ({
      eps: point.eps,
      clean: { value: point.clean / point.n, n: point.n },
      robust: { value: point.robust / point.n, n: point.n },
      after: point.after,
    })),
    health,
  };
}

/** Of the counts that were asked for, those that the attack takes. */
export function countsOf({
  attack,
  steps,
  restarts,
}: Pick<AttackRequest, "attack" | "steps" | "restarts">): Partial<Pick<AttackRequest, "steps" | "restarts">> {
  if (attack === "fgsm" || attack === "standard") return {};
  return attack === "square" ? { restarts } : { steps, restarts };
}

const pointOf = ({ eps, robust, n }: AtEps) => ({ eps, robust: { value: robust / n, n } });

function curveMeta({ measuring, request }: Measured) {
  const { subject, victim } = measuring;
  return {
    title: `${subject.model.name}, ${subject.source.dataset}`,
    subtitle: `${attackText(request, false)} · ${subject.source.n} test examples · 95 % intervals of their sampling noise · dashed: chance`,
    epsTitle: `ε (${request.norm === "l2" ? "ℓ2" : "ℓ∞"}, pixels in [0, 1])`,
    chance: 1 / victim.classes,
  };
}

function attackText(request: AttackRequest, withEps = true): string {
  const { attack, norm, eps } = request;
  const { steps, restarts = 1 } = countsOf(request);
  const counted = steps === undefined ? "" : `, ${steps} steps`;
  const again = restarts > 1 ? `, ${restarts} restarts` : "";
  return `${attack}${counted}${again}, ${norm}${withEps ? ` ${Number(eps.toPrecision(4))}` : ""}`;
}

function shareText(count: number, n: number): string {
  const { low, high } = wilsonInterval(count, n);
  return `${percentText(count / n)}  [${percentText(low)}, ${percentText(high)}]`;
}

/** The first examples that fell, attacked again: verdicts are kept, images are not. */
async function sheetRows({ measuring, points }: Measured) {
  const { victim, subject, seed, signal } = measuring;
  const rows = [];
  for (const { index, plan } of points[0]?.fallen ?? []) {
    const [verdict] = await attackAll(victim, subject.data, plan, { seed, signal, indices: [index], keepImages: true });
    if (verdict?.adversarial) rows.push({ clean: imageAt(subject.data, index), adversarial: verdict.adversarial });
  }
  return rows;
}
