import { type Claims, claimsSchema } from "./api-claims.ts";
import { backgroundLine } from "./background.ts";
import type { StudyView } from "./study-view.ts";

/** Judges the claims on studies as they are now, aside, and once for all who ask. */
export interface Judging {
  claimsOf(view: StudyView): Promise<Claims>;
  close(): void;
}

/** Judging takes seconds of a processor: a process of low priority does it, and a study is judged anew when it has new rows. */
export function judging(): Judging {
  const line = backgroundLine();
  const made = new WeakMap<StudyView, { readonly revision: number; readonly claims: Promise<Claims> }>();
  const next = new WeakMap<StudyView, Promise<Claims>>();

  const judge = (view: StudyView): Promise<Claims> => {
    next.delete(view);
    const claims = line.run("judge-process", view.evidence()).then((text) => claimsSchema.parse(JSON.parse(text)));
    made.set(view, { revision: view.rowsRevision, claims });
    claims.catch(() => made.get(view)?.claims === claims && made.delete(view));
    return claims;
  };

  return {
    claimsOf(view) {
      const known = made.get(view);
      if (known?.revision === view.rowsRevision) return known.claims;
      const waiting = next.get(view);
      if (waiting) return waiting;
      // Rows that come while it is being judged are judged together, when that has ended.
      const claims = known
        ? known.claims.then(
            () => judge(view),
            () => judge(view),
          )
        : judge(view);
      if (known) next.set(view, claims);
      return claims;
    },
    close: () => line.close(),
  };
}
