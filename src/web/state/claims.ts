import { useEffect, useState } from "preact/hooks";
import type { Claims } from "../../server/api-claims.ts";
import { askJson, report } from "./server.ts";
import { counts, study } from "./study.ts";

export interface AskedClaims {
  /** The last that were said, also while they are judged anew. */
  readonly claims?: Claims;
  readonly problem?: string;
}

/** The verdicts of `carryover claims` with the trends they rest on, asked for when one looks and again when a trial is done. */
export function useClaims(): AskedClaims {
  const [asked, setAsked] = useState<AskedClaims>(report ? { claims: report.claims } : {});
  const { done } = counts.value;
  const name = study.value?.name ?? "";
  useEffect(() => {
    if (report) return;
    let current = true;
    askJson<Claims>(`/api/studies/${encodeURIComponent(name)}/claims`).then(
      (claims) => current && setAsked({ claims }),
      (error: unknown) =>
        current &&
        setAsked(({ claims }) =>
          claims ? { claims } : { problem: error instanceof Error ? error.message : String(error) },
        ),
    );
    return () => {
      current = false;
    };
  }, [name, done]);
  return asked;
}
