import { useEffect, useState } from "preact/hooks";
import type { TrialDetail } from "../../server/api-trial.ts";
import { askJson, report } from "./server.ts";
import { trialById } from "./study.ts";

export interface Asked {
  readonly detail: TrialDetail | undefined;
  readonly problem: string | undefined;
  again(): void;
}

/** A trial in full, asked for anew when its line in the table changes, at most once a second. */
export function useDetail(id: string | undefined): Asked {
  const [state, setState] = useState<{ detail?: TrialDetail; problem?: string; of?: string }>({});
  const [turn, setTurn] = useState(0);
  const summary = id === undefined ? undefined : trialById.value.get(id);
  useEffect(() => {
    if (id === undefined) return;
    if (report) return setState({ detail: report.trials[id], of: id });
    const stop = new AbortController();
    const timer = setTimeout(
      async () => {
        try {
          const detail = await askJson<TrialDetail>(`/api/trials/${encodeURIComponent(id)}`, { signal: stop.signal });
          setState({ detail, of: id });
        } catch (error) {
          if (!stop.signal.aborted)
            setState((before) => ({ ...before, problem: error instanceof Error ? error.message : String(error) }));
        }
      },
      state.of === id && state.detail ? 700 : 0,
    );
    return () => {
      clearTimeout(timer);
      if (state.of !== id) stop.abort();
    };
  }, [id, summary, turn]);
  return {
    detail: state.of === id ? state.detail : undefined,
    problem: state.problem,
    again: () => setTurn((before) => before + 1),
  };
}

/** Several trials in full. */
export function useDetails(ids: readonly string[]): readonly TrialDetail[] {
  const [details, setDetails] = useState<readonly TrialDetail[]>([]);
  const key = ids.join();
  const running = ids.some((id) => trialById.value.get(id)?.status === "running");
  useEffect(() => {
    let current = true;
    const load = async () => {
      const all = await Promise.all(
        ids.map(
          (id) =>
            report?.trials[id] ?? askJson<TrialDetail>(`/api/trials/${encodeURIComponent(id)}`).catch(() => undefined),
        ),
      );
      if (current) setDetails(all.filter((each) => each !== undefined));
    };
    void load();
    const timer = running ? setInterval(() => void load(), 2000) : undefined;
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [key, running]);
  return details;
}
