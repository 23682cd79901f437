import { expect, it } from "vitest";
import { suspicions } from "../../src/cli/suspicions.ts";
import { rowOf, trialOf } from "../figures/fixture.ts";

it("tells of a head that did not converge where one was fitted, not of fine-tuning", () => {
  const row = (protocol: "frozen" | "full" | "partial" | "few-shot") => {
    const trial = trialOf([], 0);
    const made = rowOf(
      { ...trial, transfer: { ...trial.transfer, protocol } },
      { source: 0.5, robust: 0.3, target: 0.6 },
    );
    return { ...made, head: { ...made.head, converged: false, iterations: 7, gradientNorm: 0.5 } };
  };
  const told = (["frozen", "full", "partial", "few-shot"] as const).map((protocol) =>
    suspicions([row(protocol)], [], []),
  );
  const sentence = expect.stringContaining(
    "the head had not converged after 7 iterations (largest gradient component 5.0e-1)",
  );
  expect(told).toEqual([[sentence], [], [], [sentence]]);
});
