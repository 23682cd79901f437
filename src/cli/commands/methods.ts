import type { Command } from "commander";
import { InputError } from "../../base/index.ts";
import type { MethodKind } from "../../studies/index.ts";
import { dataOption } from "../options.ts";
import { columns, print, printJson, printJsonLines } from "../output.ts";

interface Options {
  readonly preview?: string;
  readonly dataset: string;
  readonly data?: readonly string[];
  readonly json?: boolean;
}

export function addMethods(program: Command): void {
  program
    .command("methods")
    .description("list the methods that a study may sweep, or explain one")
    .argument("[name]", "a method's kind, such as jr")
    .option("--preview <folder>", "write a picture of images under each strength of an augmentation")
    .option("--dataset <name>", "whose images the picture shows", "cifar10")
    .option(...dataOption)
    .option("--json", "one JSON value per line")
    .action(async (name: string | undefined, options: Options) => {
      if (options.preview !== undefined) return preview(name, options.preview, options);
      const { methodKind, methodKinds } = await import("../../studies/index.ts");
      if (name === undefined) return list(methodKinds, options.json ?? false);
      const entry = methodKind("methods", name);
      if (options.json) printJson(plain(name, entry));
      else await explain(name, entry);
    });
}

async function list(kinds: Readonly<Record<string, MethodKind>>, json: boolean): Promise<void> {
  const { describeRange } = await import("../../studies/index.ts");
  if (json) return printJsonLines(Object.entries(kinds).map(([kind, entry]) => plain(kind, entry)));
  const rows = Object.entries(kinds).map(([kind, { label, adds, range, sweep, regulariser }]) => [
    kind,
    label,
    adds,
    sweep.length === 0 ? "-" : describeRange(range),
    sweep.join(", ") || "-",
    inThePaper(regulariser),
  ]);
  print(columns(["kind", "method", "adds", "strength", "default sweep", "a regulariser in the paper"], rows));
  print("\nSweeps go from weaker to stronger. carryover methods <kind> explains one.");
  print("Several at once: --set methods=jr+blur, whose strengths go up together.");
}

async function explain(kind: string, entry: MethodKind): Promise<void> {
  const { describeRange } = await import("../../studies/index.ts");
  const { label, adds, unit, range, stronger, sweep, options, formula, remarks, citation, regulariser } = entry;
  print(`${kind}: ${label}\n\n  ${formula}\n\n${remarks}\n`);
  const facts = [
    ["adds", adds],
    ...(sweep.length === 0
      ? []
      : [
          ["strength", unit],
          ["range", `${describeRange(range)}; ${stronger} is stronger`],
          ["default sweep", sweep.join(", ")],
        ]),
    ["a regulariser in the paper", inThePaper(regulariser)],
    ["source", citation],
  ];
  for (const [name, value] of facts) print(`${name}: ${value}`);
  for (const [name, { default: usual, what }] of Object.entries(options))
    print(`option ${name}: ${what}; ${usual} unless --set options.${kind}.${name}=... says otherwise`);
}

async function preview(name: string | undefined, folder: string, { dataset, data, json }: Options): Promise<void> {
  if (name === undefined)
    throw new InputError("methods: --preview: expected a method, as in methods blur --preview DIR, got none");
  const { writePreview } = await import("../preview.ts");
  const { foldersFor } = await import("../folders.ts");
  const file = await writePreview(name, { folder, dataset, ...foldersFor(data) });
  if (json) printJson({ file });
  else print(file);
}

/** As JSON has it: what the paper does not discuss is null. */
function plain(kind: string, { regulariser = undefined, ...entry }: MethodKind): object {
  return { kind, ...entry, regulariser: regulariser ?? null };
}

function inThePaper(regulariser: boolean | undefined): string {
  if (regulariser === undefined) return "not discussed";
  return regulariser ? "yes" : "no";
}
