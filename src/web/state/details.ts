import { useEffect, useRef, useState } from "preact/hooks";
import type { TrialDetail } from "../../server/api-trial.ts";
import { askJson, report } from "./server.ts";
import { trialById, trialPath } from "./study.ts";
import { type Throttled, throttled } from "./throttled.ts";

export interface Asked {
  readonly detail: TrialDetail | undefined;
  readonly problem: string | undefined;
  again(): void;
}

interface Answer {
  /** The trial that it is of. */
  readonly of?: string;
  readonly detail?: TrialDetail;
  readonly problem?: string;
}

const pauseMs = 700;

/** A trial in full, asked for anew when its line in the table changes, with a pause after each time. */
export function useDetail(id: string | undefined): Asked {
  const [state, setState] = useState<Answer>({});
  const [turn, setTurn] = useState(0);
  const asking = useRef<Throttled | undefined>(undefined);
  const path = id === undefined ? undefined : trialPath(id);
  const summary = id === undefined ? undefined : trialById.value.get(id);
  useEffect(() => {
    if (path === undefined) return;
    if (report) return setState({ of: path, detail: report.trials[id ?? ""] });
    const stop = new AbortController();
    const ask = throttled(async () => {
      try {
        const detail = await askJson<TrialDetail>(path, { signal: stop.signal });
        if (!stop.signal.aborted) setState({ of: path, detail });
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        if (!stop.signal.aborted) setState((before) => ({ ...(before.of === path ? before : {}), of: path, problem }));
      }
    }, pauseMs);
    asking.current = ask;
    return () => {
      stop.abort();
      ask.stop();
    };
  }, [path]);
  useEffect(() => asking.current?.want(), [path, summary, turn]);
  const { detail, problem }: Answer = state.of === path ? state : {};
  return { detail, problem, again: () => setTurn((before) => before + 1) };
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
        ids.map((id) => report?.trials[id] ?? askJson<TrialDetail>(trialPath(id)).catch(() => undefined)),
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
