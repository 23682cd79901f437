import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { saveModel } from "../../models/index.ts";
import { progressLine } from "../attack/progress-line.ts";
import type { TransferRequest } from "../commands/transfer.ts";
import { candidateFrom } from "./candidate.ts";
import { measured, protocolText } from "./measure.ts";
import { printFindings, writeReport } from "./report.ts";
import { loadTarget } from "./target.ts";

/** One model on one target: features, head, few-shot curve, predictors, attack, and a report of it all. */
export async function transferModel(request: TransferRequest): Promise<void> {
  const candidate = await candidateFrom(request.model, request);
  const target = await loadTarget(request, candidate.side);
  const { device } = request;
  const line = progressLine();
  try {
    const { findings, transferred } = await line.follow(
      measured(candidate, target, request, { device, threads: availableParallelism() }),
    );
    const outDir =
      request.out ??
      join(
        "results",
        `transfer-${stem(request.model)}-${target.name}-${protocolText(request.protocol).replace(":", "-")}`,
      );
    const files = await writeReport(outDir, findings);
    if (transferred) {
      // An ONNX graph has no name by which a checkpoint could build it again.
      const path = join(outDir, transferred.model.name === "onnx" ? "model.onnx" : "model.safetensors");
      await saveModel(path, transferred, target.test.classes);
      files.push(path);
    }
    line.end();
    printFindings(findings, files, request.json ?? false);
  } finally {
    line.end();
  }
}

/** A file's name without its ending, fit to name a folder. */
export const stem = (path: string): string =>
  basename(path)
    .replace(/\.[^.]+$/, "")
    .replaceAll(/[^\w.-]+/g, "-");
