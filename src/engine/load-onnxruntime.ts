import type * as Ort from "onnxruntime-node";

// onnxruntime, since 1.29 on every system, sends Microsoft what process and machine it runs on and what its sessions do,
// unless this stands in the environment when it is loaded. Set at once, not when it is loaded, as threads are begun with
// a copy of the environment that native code does not see.
process.env.ORT_DISABLE_TELEMETRY ??= "1";

/** onnxruntime, which reports to nobody. */
export const loadOnnxruntime = async (): Promise<typeof Ort> =>
  (await import("onnxruntime-node")).default as typeof Ort;
