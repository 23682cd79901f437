import { parseSync } from "vite";

/** One small change to a source file that a test should notice. */
export interface Mutant {
  readonly line: number;
  /** The text from `start` to `end` gives way to `to`. */
  readonly start: number;
  readonly end: number;
  readonly from: string;
  readonly to: string;
}

/** A node of the syntax tree (ESTree, with TypeScript's own nodes named TS...). */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const operators: Readonly<Record<string, readonly string[]>> = {
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "**": ["*"],
  "<<": [">>"],
  ">>": ["<<"],
  ">>>": ["<<"],
  "&": ["|"],
  "|": ["&"],
  "<": ["<=", ">"],
  "<=": ["<", ">"],
  ">": [">=", "<"],
  ">=": [">", "<"],
  "===": ["!=="],
  "!==": ["==="],
  "&&": ["||"],
  "||": ["&&"],
  "+=": ["-="],
  "-=": ["+="],
  "*=": ["/="],
  "/=": ["*="],
  "++": ["--"],
  "--": ["++"],
};

/** Methods and functions that stand for operators, as `np.multiply(x, y)` of traced arrays does. */
const names: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ["add", "subtract"],
    ["multiply", "divide"],
    ["min", "max"],
    ["minimum", "maximum"],
    ["floor", "ceil"],
    ["some", "every"],
    ["less", "lessEqual"],
    ["greater", "greaterEqual"],
    ["equal", "notEqual"],
  ].flatMap(([one = "", other = ""]) => [
    [other, one],
    [one, other],
  ]),
);

/**
 * Every mutant of a TypeScript file, in the order of the text: operators swapped, boundaries shifted, conditions negated,
 * constants one more and one less, minus signs and statements removed, neighbouring arguments swapped. Types, imports and
 * what is thrown (messages) are left alone.
 */
export function mutantsOf(file: string, source: string): Mutant[] {
  const mutants: Mutant[] = [];
  const add = (start: number, end: number, to: string) =>
    mutants.push({ line: source.slice(0, start).split("\n").length, start, end, from: source.slice(start, end), to });
  const text = ({ start, end }: Node) => source.slice(start, end);

  const changeOperator = (node: Node, from: number, until: number) => {
    const operator = String(node.operator);
    const start = source.indexOf(operator, from);
    if (start < 0 || start > until) return;
    for (const to of operators[operator] ?? []) add(start, start + operator.length, to);
  };
  const negate = (test: Node) => {
    if (/^[!=<>]=?=?$|^&&$|^\|\|$/.test(String(test.operator))) return; // changed as operators
    add(test.start, test.end, `!(${text(test)})`);
  };

  const change = (node: Node) => {
    const [left, right, argument] = [node.left, node.right, node.argument] as Node[];
    switch (node.type) {
      case "BinaryExpression":
      case "LogicalExpression":
      case "AssignmentExpression":
        if (left && right) changeOperator(node, left.end, right.start);
        break;
      case "UpdateExpression":
        changeOperator(node, node.prefix || !argument ? node.start : argument.end, node.end);
        break;
      case "UnaryExpression":
        if (argument && (node.operator === "!" || node.operator === "-")) add(node.start, node.end, text(argument));
        break;
      case "IfStatement":
      case "ConditionalExpression":
      case "WhileStatement":
        negate(node.test as Node);
        break;
      case "Literal":
        if (typeof node.value === "number") for (const by of [1, -1]) add(node.start, node.end, `(${node.value + by})`);
        if (typeof node.value === "boolean") add(node.start, node.end, String(!node.value));
        break;
      case "ExpressionStatement":
      case "ContinueStatement":
      case "BreakStatement":
      case "ThrowStatement":
        add(node.start, node.end, ";");
        break;
      case "NewExpression":
      case "CallExpression":
        changeCall(node);
    }
  };
  const changeCall = (node: Node) => {
    const callee = node.callee as Node;
    const name = (callee.type === "MemberExpression" ? callee.property : callee) as Node;
    const other = names[text(name)];
    if (other) add(name.start, name.end, other);
    const given = node.arguments as Node[];
    given.slice(1).forEach((second, i) => {
      const first = given[i] as Node;
      if (text(first) === text(second)) return;
      add(first.start, second.end, `${text(second)}${source.slice(first.end, second.start)}${text(first)}`);
    });
  };

  const walk = (node: Node) => {
    if (node.type.startsWith("Import")) return;
    change(node);
    if (node.type === "ThrowStatement") return;
    const entries = node.type.startsWith("TS") ? [node.expression] : Object.values(node);
    for (const value of entries.flat()) if (isNode(value)) walk(value);
  };
  walk(parseSync(file, source).program as unknown as Node);
  return mutants.sort((a, b) => a.start - b.start || a.end - b.end);
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && "start" in value;

/** The source with one mutant in it. */
export function applyMutant(source: string, { start, end, to }: Mutant): string {
  return source.slice(0, start) + to + source.slice(end);
}
