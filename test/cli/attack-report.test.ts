import { expect, test } from "vitest";
import { plansFor } from "../../src/attacks/index.ts";
import { countsOf } from "../../src/cli/attack/report.ts";

test.each(["pgd", "fgsm", "apgd", "apgd-ce", "apgd-dlr", "apgd-t", "fab", "square", "standard"] as const)(
  "attack.json of %s has the counts that decide its plans, and no others",
  (attack) => {
    const plansWith = (change: object) =>
      JSON.stringify(plansFor(attack, { norm: "l2", eps: 0.25, steps: 7, restarts: 3, classes: 10, ...change }));
    const deciding = [
      ...(plansWith({ steps: 8 }) === plansWith({}) ? [] : ["steps"]),
      ...(plansWith({ restarts: 4 }) === plansWith({}) ? [] : ["restarts"]),
    ];
    expect(Object.keys(countsOf({ attack, steps: 7, restarts: 3 }))).toEqual(deciding);
  },
);
