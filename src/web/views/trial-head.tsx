import { useState } from "preact/hooks";
import type { TrialDetail } from "../../server/api-trial.ts";
import { hrefOf } from "../state/route.ts";
import { post } from "../state/server.ts";
import { hello, study, trialPath, trials } from "../state/study.ts";
import { Icon } from "../ui/icons.tsx";

export function TrialActions({
  detail: { summary },
  done,
}: {
  readonly detail: TrialDetail;
  readonly done: () => void;
}) {
  const offered = hello.value?.actions ?? [];
  const authorised = hello.value?.authorised ?? false;
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const act = async (action: "cancel" | "retry") => {
    setProblem(undefined);
    try {
      await post(`${trialPath(summary.id)}/${action}`);
      done();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  if (!authorised) return null;
  return (
    <div class="row">
      {offered.includes("cancel") && (summary.status === "running" || summary.status === "waiting") && (
        <button type="button" onClick={() => void act("cancel")}>
          <Icon name="stop" /> Cancel
        </button>
      )}
      {offered.includes("retry") && (summary.status === "failed" || summary.status === "cancelled") && (
        <button type="button" onClick={() => void act("retry")}>
          <Icon name="retry" /> Try again
        </button>
      )}
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

/** The same method and setting at other seeds. */
export function Siblings({ detail: { summary } }: { readonly detail: TrialDetail }) {
  const kin = trials.value.filter(({ label, setting }) => label === summary.label && setting === summary.setting);
  if (kin.length < 2) return null;
  const name = study.value?.name ?? "";
  return (
    <nav class="siblings" aria-label="Other seeds">
      {kin.map(({ id, seed }) => (
        <a key={id} href={hrefOf(name, "trial", { trial: id })} aria-current={id === summary.id ? "page" : undefined}>
          seed {seed}
        </a>
      ))}
      <a
        href={hrefOf(name, "compare", {
          query: new URLSearchParams({
            pick: kin
              .slice(0, 8)
              .map(({ id }) => id)
              .join(","),
          }),
        })}
      >
        compare them
      </a>
    </nav>
  );
}
