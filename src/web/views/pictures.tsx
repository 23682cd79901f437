import { useEffect, useState } from "preact/hooks";
import type { Confusion, TrialDetail } from "../../server/api-trial.ts";
import { ask, post, report } from "../state/server.ts";
import { hello, trialPath } from "../state/study.ts";
import { Icon } from "../ui/icons.tsx";

/** Adversarial and augmented images and the confusion matrices; made when they are first asked for. */
export function PicturesCard({ detail, changed }: { readonly detail: TrialDetail; readonly changed: () => void }) {
  const { summary, pictures, row } = detail;
  const [problem, setProblem] = useState<string | undefined>(undefined);
  useEffect(() => {
    if (pictures.state !== "working") return;
    const timer = setTimeout(changed, 1000);
    return () => clearTimeout(timer);
  });
  if (!row) return null;
  const offered = hello.value?.actions.includes("pictures") ?? false;
  if (pictures.state === "none" && (!offered || report)) return null;
  const make = async () => {
    setProblem(undefined);
    try {
      await post(`${trialPath(summary.id)}/pictures`);
      changed();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <section class="card">
      <header>
        <h3>What it sees</h3>
      </header>
      {pictures.state === "none" || pictures.state === "failed" ? (
        <div>
          <p class="soft">
            Adversarial examples, augmented images and confusion matrices are made from the checkpoint when they are
            asked for; it takes some seconds of this machine.
          </p>
          {(problem ?? pictures.message) && <p class="problem">{problem ?? pictures.message}</p>}
          <button type="button" onClick={() => void make()} disabled={!hello.value?.authorised}>
            <Icon name="image" /> Make them
          </button>
          {!hello.value?.authorised && (
            <p class="soft small">Open the address that the run printed, which has its token, to do this.</p>
          )}
        </div>
      ) : pictures.state === "working" ? (
        <p class="soft" role="status">
          Working on it…
        </p>
      ) : (
        <>
          {pictures.pictures.map(({ name, title, caption }) => (
            <figure key={name} class="picture">
              <figcaption>
                <b>{title}</b> <span class="soft">{caption}</span>
              </figcaption>
              <Picture trial={summary.id} name={name} title={title} />
            </figure>
          ))}
          <div class="two">
            {pictures.confusions.map((confusion) => (
              <ConfusionMatrix key={confusion.title} confusion={confusion} />
            ))}
          </div>
        </>
      )}
    </section>
  );
}

/** Fetched, not linked, since reading may want the token. */
function Picture({ trial, name, title }: { readonly trial: string; readonly name: string; readonly title: string }) {
  const [url, setUrl] = useState<string | undefined>(report?.images[`${trial}/${name}`]);
  useEffect(() => {
    if (report) return;
    let made: string | undefined;
    let current = true;
    void ask(`${trialPath(trial)}/pictures/${name}`)
      .then((response) => response.blob())
      .then((blob) => {
        if (!current) return;
        made = URL.createObjectURL(blob);
        setUrl(made);
      })
      .catch(() => setUrl(undefined));
    return () => {
      current = false;
      if (made) URL.revokeObjectURL(made);
    };
  }, [trial, name]);
  return url ? <img src={url} alt={title} /> : null;
}

/** Counts as shades, a row a true class; the diagonal is what is right. */
function ConfusionMatrix({ confusion: { title, classes, counts } }: { readonly confusion: Confusion }) {
  const totals = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const right = counts.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  const all = totals.reduce((sum, total) => sum + total, 0);
  return (
    <figure class="confusion">
      <figcaption>
        <b>{title}</b>{" "}
        <span class="soft">
          {right} of {all} right; rows: true class, columns: predicted
        </span>
      </figcaption>
      <div class="scroll-x">
        <table>
          <thead>
            <tr>
              <td />
              {classes.map((name) => (
                <th key={name} scope="col">
                  <span>{name}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {counts.map((row, i) => (
              <tr key={classes[i]}>
                <th scope="row">{classes[i]}</th>
                {row.map((count, j) => {
                  const share = count / Math.max(1, totals[i] ?? 1);
                  return (
                    <td
                      key={j}
                      class={i === j ? "right" : ""}
                      style={{
                        "--share": `${Math.round(100 * share)}%`,
                        ...(share > 0.55 ? { color: "var(--on-accent)" } : {}),
                      }}
                      title={`${classes[i]} taken for ${classes[j]}: ${count} of ${totals[i]}`}
                    >
                      {count}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
