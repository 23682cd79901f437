import { readFileSync } from "node:fs";

/**
 * The largest resident memory that a process ever had, in MB of 10^6 bytes: VmHWM, where the kernel tells it.
 * (getrusage's maxrss is no substitute: after a fork it starts from the parent's.)
 */
export function peakMbOf(pid: number | "self"): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? undefined : (Number(kilobytes) * 1024) / 1e6;
  } catch {
    // No such file on this system, or the process has just ended.
    return undefined;
  }
}

/** This process's own peak, in MB. */
export function ownPeakMb(): number {
  return peakMbOf("self") ?? (process.resourceUsage().maxRSS * 1024) / 1e6;
}
