import { expect, test } from "vitest";
import { noVerdicts, recordClean, recordIterate, recordLast } from "../../src/attacks/verdicts.ts";
import { float32 } from "../../src/base/index.ts";

const judged = (correct: number, loss: number) => ({ loss: float32([1], [loss]), correct: float32([1], [correct]) });
const one = Uint32Array.of(0);

test("an example that fell at any iterate of any restart stays fallen, and keeps its largest loss", () => {
  const verdicts = noVerdicts(1);
  recordClean(verdicts, one, judged(1, 0.1));
  recordIterate(verdicts, one, judged(0, 2));
  recordIterate(verdicts, one, judged(1, 0.5));
  recordLast(verdicts, one, judged(0, 1.5));
  recordLast(verdicts, one, judged(1, 0.2));
  expect([verdicts.clean[0], verdicts.robustWorst[0], verdicts.robustLast[0]]).toEqual([1, 0, 0]);
  expect([verdicts.worstLoss[0], verdicts.lastLoss[0]]).toEqual([2, 1.5]);
});
