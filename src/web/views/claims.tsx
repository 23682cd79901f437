import type { Claims } from "../../server/api-claims.ts";
import { useClaims } from "../state/claims.ts";
import { Empty } from "../ui/empty.tsx";

/** The verdicts of `carryover claims`. */
export function ClaimsView() {
  const { claims, problem } = useClaims();
  const refused = problem ?? claims?.problem;
  if (refused) return <Empty title="The claims cannot be judged yet">{refused}</Empty>;
  if (!claims) return <p class="loading">Judging the claims…</p>;
  const [verdicts, ...others] = claims.tables;
  return (
    <div class="claims">
      {verdicts && <Verdicts table={verdicts} />}
      {others.map((table) => (
        <ClaimsTable key={table.title} table={table} />
      ))}
    </div>
  );
}

type Table = Claims["tables"][number];

function Verdicts({ table: { title, lines, notes } }: { readonly table: Table }) {
  return (
    <section class="card">
      <header>
        <h3>{title}</h3>
      </header>
      <ul class="verdicts">
        {lines.map(([claim, ruling, evidence]) => (
          <li key={claim}>
            <span class={`ruling ${ruling}`}>{ruling}</span>
            <div>
              <b>{claim}</b>
              <p class="soft">{evidence}</p>
            </div>
          </li>
        ))}
      </ul>
      <Notes notes={notes} />
    </section>
  );
}

function ClaimsTable({ table: { title, header, lines, notes } }: { readonly table: Table }) {
  return (
    <section class="card table-card">
      <header>
        <h3>{title}</h3>
      </header>
      <div class="scroll-x">
        <table>
          <thead>
            <tr>
              {header.map((text, i) => (
                <th key={i} scope="col" class={i > 0 ? "number" : ""}>
                  {text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map((cells) => (
              <tr key={cells[0]}>
                {cells.map((text, i) => (
                  <td key={i} class={i > 0 ? "number" : ""}>
                    {text}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Notes notes={notes} />
    </section>
  );
}

const Notes = ({ notes }: { readonly notes: readonly string[] }) => (
  <>
    {notes.map((note) => (
      <p key={note} class="soft small">
        {note}
      </p>
    ))}
  </>
);
