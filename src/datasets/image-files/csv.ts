import { dirname, resolve } from "node:path";
import { InputError, readWhole } from "../../base/index.ts";
import type { SplitLists } from "./folder.ts";
import type { ImageEntry, ImageList } from "./image-list.ts";

/**
 * A CSV with a header: columns `path` (of an image, from the CSV's folder), `label` (any text, or a number) and, if wanted,
 * `split` (train or test). Classes are the labels in order, as numbers where all are numbers. Fields may be quoted.
 *
 * Throws InputError, with the line, for columns that are missing or unknown, a field too few, and another split.
 */
export async function listCsv(path: string): Promise<SplitLists> {
  const rows = parseCsv(
    Buffer.from(await readWhole(path))
      .toString("utf8")
      .replace(/^\uFEFF/, ""),
    path,
  );
  const [header = { fields: [], line: 1 }, ...body] = rows;
  const columns = header.fields.map((field) => field.trim().toLowerCase());
  const strange = columns.filter((name) => !["path", "label", "split"].includes(name));
  if (!columns.includes("path") || !columns.includes("label") || strange.length > 0)
    throw new InputError(
      `${path}: expected columns path, label and perhaps split, got ${columns.join(", ") || "none"}`,
    );
  const items = body.map(({ fields, line }) => {
    if (fields.length !== columns.length)
      throw new InputError(`${path}:${line}: expected ${columns.length} fields, got ${fields.length}`);
    const field = (name: string) => fields[columns.indexOf(name)]?.trim() ?? "";
    const [name, label, split] = [field("path"), field("label"), field("split")];
    if (name === "" || label === "")
      throw new InputError(`${path}:${line}: expected a path and a label, got an empty field`);
    if (columns.includes("split") && !Object.hasOwn(splits, split))
      throw new InputError(`${path}:${line}: split: expected train or test (or val), got "${split}"`);
    return { name, label, split: splits[split] };
  });
  const classes = [...new Set(items.map(({ label }) => label))].sort(
    byLabel(items.every(({ label }) => label.trim() !== "" && Number.isFinite(Number(label)))),
  );
  if (classes.length < 2)
    throw new InputError(`${path}: expected images of two or more classes, got ${classes.join(", ") || "no line"}`);
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  const folder = dirname(path);
  const list = (split: "train" | "test" | undefined): ImageList => ({
    where: path,
    classes,
    entries: items
      .filter((item) => item.split === split)
      .map(({ name, label }): ImageEntry => ({ name, label: labelOf.get(label) ?? -1, file: resolve(folder, name) })),
    notes: [],
  });
  return columns.includes("split") ? { train: list("train"), test: list("test") } : { all: list(undefined) };
}

const splits: Readonly<Record<string, "train" | "test">> = {
  train: "train",
  test: "test",
  val: "test",
  validation: "test",
};

const byLabel = (numbers: boolean) => (a: string, b: string) => (numbers ? Number(a) - Number(b) : a < b ? -1 : 1);

interface CsvRow {
  readonly fields: readonly string[];
  readonly line: number;
}

/** RFC 4180: fields in double quotes may hold commas, line ends and doubled quotes. Empty lines are passed by. */
function parseCsv(text: string, path: string): CsvRow[] {
  const rows: CsvRow[] = [];
  let fields: string[] = [];
  let field = "";
  let quoted = false;
  let line = 1;
  let began = 1;
  const endRow = () => {
    fields.push(field);
    if (fields.length > 1 || field.trim() !== "") rows.push({ fields, line: began });
    [fields, field] = [[], ""];
  };
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (character === "\n") line++;
    if (quoted) {
      if (character !== '"') field += character;
      else if (text[i + 1] === '"') field += text[++i];
      else quoted = false;
    } else if (character === '"' && field === "") quoted = true;
    else if (character === ",") {
      fields.push(field);
      field = "";
    } else if (character === "\n") {
      endRow();
      began = line;
    } else if (character !== "\r") field += character;
  }
  if (quoted) throw new InputError(`${path}:${began}: expected a closing quote, got the end of the file`);
  endRow();
  return rows;
}
