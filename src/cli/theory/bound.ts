import { join } from "node:path";
import { InputError, writeWhole } from "../../base/index.ts";
import { familyOf } from "../../claims/index.ts";
import { gather, type LabelledImages, testSubset } from "../../datasets/index.ts";
import { renderPng, renderSvg, writeFigures } from "../../figures/index.ts";
import { type TheoryDot, theorySpec } from "../../figures/theory-spec.ts";
import type { Row } from "../../studies/index.ts";
import { methodLabel } from "../../studies/trial.ts";
import {
  type FamilyMember,
  savedBoundFile,
  type TheoryBound,
  type TheoryOptions,
  theoryBound,
} from "../../theory/index.ts";
import { extractFeatures } from "../../transfer/index.ts";
import type { BoundRequest } from "../commands/theory.ts";
import { resultsFolder } from "../folders.ts";
import type { TrainedPlaces } from "../options.ts";
import { columns, complain, print, printJson } from "../output.ts";
import { typedLine } from "../resume-line.ts";
import { noTrainedModels, rowsOfStudy, trainedTrial } from "../study-rows.ts";
import { nestedness } from "./nestedness.ts";

/** tau, d and the bound over a study's trained models: a table, theory.json, theory.md, a figure, and the study's own anew. */
export async function showBound(
  study: string,
  { examples, seed, out, json = false, ...places }: BoundRequest,
): Promise<void> {
  const { name, rows } = await rowsOfStudy("theory bound", study, places.database);
  const { vanilla, settings, collapsed } = familyOf(rows);
  const chosen = [vanilla, ...settings]
    .flatMap((setting) => setting.rows)
    .filter((row) => seed === undefined || row.trial.seed === seed);
  if (chosen.length === 0)
    throw new InputError(`theory bound: expected trials of --seed ${seed}, got none in study "${name}"`);
  const family = await membersOf(chosen, examples, places);
  const [first] = family;
  if (!first) throw noTrainedModels("theory bound", name, places.artifacts);
  const { classes } = first;
  const run = theoryBound(
    family.map(({ member }) => member),
    { classes },
  );
  let next = await run.next();
  while (!next.done) {
    if (next.value.done % 10 === 0) complain(`theory bound: ${next.value.done} of ${next.value.of} models`);
    next = run.next();
  }
  const bound = next.value;
  const labelled = bound.points.map((point, i) => ({
    ...point,
    ...describe((family[i] as (typeof family)[number]).row),
  }));
  const nested = nestedness(
    family.map(({ row }) => row),
    bound.points.map(({ difference }) => difference),
  );
  const outDir = out ?? resultsFolder(name);
  const svg = await renderSvg(theorySpec(labelled.map(dotOf), { d: bound.d, title: `${name}: τ and the bound d` }));
  const text = report(name, bound, labelled, nested, { collapsed: collapsed.length, classes });
  const contents: [string, Uint8Array][] = [
    [
      savedBoundFile,
      Buffer.from(`${JSON.stringify({ ...bound, points: labelled, nestedness: nested }, undefined, 2)}\n`),
    ],
    ["theory.md", Buffer.from(`# The bound on ${name}\n\n\`\`\`\n${text}\n\`\`\`\n`)],
    ["theory.svg", Buffer.from(svg)],
    ["theory.png", await renderPng(svg, 2)],
  ];
  for (const [file, bytes] of contents) await writeWhole(join(outDir, file), bytes);
  const files = contents.map(([file]) => join(outDir, file));
  // The study's own figure has the bound from now on.
  files.push(
    ...(await writeFigures(rows, { study: name, outDir, bound: { ...bound, points: labelled }, command: typedLine() })),
  );
  if (json) return printJson({ study: name, ...bound, points: labelled, nestedness: nested, files });
  print(text);
  for (const file of files) print(file);
}

interface Loaded {
  readonly row: Row;
  readonly classes: TheoryOptions["classes"];
  readonly member: FamilyMember;
}

/** Features of both domains' training images, as many of one as of the other: a larger sample is harder to fit. */
async function membersOf(rows: readonly Row[], examples: number, places: TrainedPlaces): Promise<Loaded[]> {
  const loaded: Loaded[] = [];
  for (const [i, row] of rows.entries()) {
    if (i % 10 === 0) complain(`theory bound: features of ${i} of ${rows.length} models`);
    const trained = await trainedTrial(row, places);
    if (!trained) continue;
    const { model, parameters, source, target } = trained;
    const n = Math.min(examples, source.train.shape[0], target.train.shape[0]);
    const featuresOf = async (images: LabelledImages) => {
      const sample = gather(images, testSubset(images.labels, { test: n, seed: row.trial.seed }));
      const run = extractFeatures(model.withClasses(images.classes.length), parameters.f, sample);
      let next = await run.next();
      while (!next.done) next = await run.next();
      return next.value;
    };
    const { weight, bias } = parameters.g;
    loaded.push({
      row,
      classes: { source: source.train.classes.length, target: target.train.classes.length },
      member: {
        id: row.trialId,
        source: await featuresOf(source.train),
        target: await featuresOf(target.train),
        head: { weight: Float64Array.from(weight.data), bias: Float64Array.from(bias.data) },
      },
    });
  }
  return loaded;
}

const describe = ({ trial }: Row) => ({
  label: `${methodLabel(trial.methods)}, seed ${trial.seed}`,
  family: trial.methods.map(({ kind }) => kind).join(" + ") || "vanilla",
});

type Labelled = TheoryBound["points"][number] & ReturnType<typeof describe>;

const dotOf = ({ label, family, tau, difference }: Labelled): TheoryDot => ({ label, family, tau, difference });

function report(
  name: string,
  { points, d, maximiser, radius, n, sample }: TheoryBound,
  labelled: readonly Labelled[],
  nested: ReturnType<typeof nestedness>,
  { collapsed, classes }: Pick<Loaded, "classes"> & { readonly collapsed: number },
): string {
  const nats = (value: number) => value.toFixed(3);
  const largestGap = Math.max(...points.flatMap(({ bestSource, bestTarget }) => [bestSource.gap, bestTarget.gap]));
  const broken = points.filter(({ holds }) => !holds).length;
  return [
    `The bound tau <= d on ${name}: ${points.length} models${collapsed > 0 ? ` (${collapsed} collapsed left out)` : ""}, ${n.source} source and ${n.target} target training images`,
    "",
    columns(
      ["model", "l_S(g_S f)", "inf l_S", "inf l_T", "tau", "|diff|", "slack d - tau", "holds"],
      labelled.map(({ label, sourceLoss, bestSource, bestTarget, tau, difference, slack, holds }) => [
        label,
        ...[sourceLoss, bestSource.loss, bestTarget.loss, tau, difference, slack].map(nats),
        holds ? "yes" : "NO",
      ]),
    ),
    "",
    `d >= ${nats(d)} nats, reached by ${labelled.find(({ id }) => id === maximiser)?.label}: a lower estimate, over these models, of the sup over F.`,
    `G: heads with ||(W, b)|| <= ${radius.toFixed(2)} on features standardised on the source sample, the longest source head's length.`,
    `Every infimum is known within ${largestGap.toExponential(1)} nats (Frank and Wolfe's gap). The bound ${broken === 0 ? "holds for every model" : `FAILS for ${broken} models`}, as it must on the samples.`,
    `Finite samples: ${nats(sample.total)} nats would have to be added to bound d of the domains with confidence ${sample.confidence}, had these models been fixed before the samples were drawn. They were trained on the source's images, so it is a size and no bound.`,
    `  source: 2 x (Rademacher ${nats(sample.source.value)} +- ${nats(sample.source.standardError)}, Monte Carlo ${nats(sample.source.monteCarlo)}) + deviations with losses up to ${sample.source.lossRange.toFixed(0)} = ${nats(sample.source.term)}`,
    `  target: 2 x (Rademacher ${nats(sample.target.value)} +- ${nats(sample.target.standardError)}, Monte Carlo ${nats(sample.target.monteCarlo)}) + deviations with losses up to ${sample.target.lossRange.toFixed(0)} = ${nats(sample.target.term)}`,
    ...(sample.total > Math.max(d, Math.log(Math.max(classes.source, classes.target)))
      ? [
          "  It is more than the loss of guessing: at this n such a bound would say nothing of the domains (it is vacuous).",
        ]
      : []),
    "",
    "Nestedness: does the regulariser's own value fall as strength rises, and d over {R <= R(h)} with it?",
    columns(
      ["method", "value R", "R by strength, vanilla first", "falls", "d over {R <= c} by strength"],
      nested.map(({ kind, value, values, falls, d: shrinking }) => [
        kind,
        value,
        values.map((each) => each.toPrecision(3)).join(" > "),
        falls ? "yes" : "no",
        shrinking.map(nats).join(" "),
      ]),
    ),
    "d over a smaller set cannot be larger; tau itself need not fall.",
  ].join("\n");
}
