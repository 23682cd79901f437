import type { Status, Summary } from "../../server/api-trial.ts";

const statusTexts: Readonly<Record<Status, string>> = {
  waiting: "waiting",
  running: "running",
  done: "done",
  failed: "failed",
  cancelled: "cancelled",
};

export function StatusBadge({ status, stage }: { readonly status: Status; readonly stage?: string }) {
  return (
    <span class={`badge ${status}`}>
      <span class="dot" />
      {status === "running" && stage ? stage : statusTexts[status]}
    </span>
  );
}

/** The verdict of the attack's health checks: a word and a mark, never a colour alone. */
export function HealthBadge({ health }: { readonly health: Summary["health"] }) {
  if (!health) return <span class="soft">–</span>;
  const mark = { ok: "✓", suspect: "?", failed: "!" }[health];
  return (
    <span class={`health ${health}`}>
      <span aria-hidden="true">{mark}</span> {health}
    </span>
  );
}

/** A share in [0, 1] as a bar. */
export function Bar({ share, label }: { readonly share: number | undefined; readonly label: string }) {
  const percent = Math.round(100 * (share ?? 0));
  return (
    <span
      class={`bar${share === undefined ? " unknown" : ""}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(share === undefined ? {} : { "aria-valuenow": percent })}
    >
      <span style={{ width: `${percent}%` }} />
    </span>
  );
}
