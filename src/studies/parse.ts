import { z } from "zod";
import { InputError, unknownName } from "../base/index.ts";

/**
 * Parses at the door: the schema's value, or an InputError with one sentence about a key that is not known, else about the first thing that is wrong,
 * `study "mine": schedule.epochs: expected a whole number above 0, got -1`.
 */
export function parseInput<Schema extends z.ZodType>(where: string, schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  // A misspelt key is also one that is missing; the former says more.
  const { issues } = result.error;
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  if (issue === undefined) throw new Error(`${where}: the schema refused a value and gave no reason`);
  throw explain(where, schema, issue);
}

function explain(where: string, schema: z.ZodType, issue: z.core.$ZodIssue): InputError {
  const place = [where, issue.path.join(".")].filter((part) => part !== "").join(": ");
  if (issue.code === "unrecognized_keys")
    return unknownName(`${place}: key`, issue.keys[0] ?? "", Object.keys(shapeAt(schema, issue.path)));
  const got = issue.input === undefined ? "nothing" : JSON.stringify(issue.input);
  return new InputError(`${place}: expected ${expectation(issue)}, got ${got}`);
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.expected === "int" ? "a whole number" : article(issue.expected);
    case "invalid_value":
      return `one of ${issue.values.join(", ")}`;
    case "too_small":
      return `${quantity(issue.origin)} ${issue.inclusive ? "of at least" : "above"} ${issue.minimum}`;
    case "too_big":
      return `${quantity(issue.origin)} ${issue.inclusive ? "of at most" : "below"} ${issue.maximum}`;
    case "invalid_union": {
      const choices = issue.errors.flatMap((issues) => issues.slice(0, 1)).map(expectation);
      return [...new Set(choices)].join(" or ");
    }
    default:
      return issue.message;
  }
}

function quantity(origin: string): string {
  if (origin === "array") return "a list";
  if (origin === "string") return "a text";
  return origin === "int" ? "a whole number" : "a number";
}

function article(type: string): string {
  if (type === "array") return "a list";
  if (type === "string") return "a text";
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

/** The members that a strict object knows at a path, through lists, optionals and defaults. */
function shapeAt(schema: z.ZodType, path: readonly PropertyKey[]): Record<string, z.ZodType> {
  let inner: unknown = schema;
  const steps = [...path];
  for (;;) {
    if (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault)
      inner = inner.unwrap();
    else if (inner instanceof z.ZodPipe) inner = inner.out;
    else if (steps.length === 0) return inner instanceof z.ZodObject ? inner.shape : {};
    else {
      const step = steps.shift();
      inner =
        inner instanceof z.ZodArray
          ? inner.element
          : inner instanceof z.ZodObject
            ? inner.shape[String(step)]
            : undefined;
    }
  }
}
