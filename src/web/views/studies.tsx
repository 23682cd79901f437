import { useEffect } from "preact/hooks";
import { hrefOf } from "../state/route.ts";
import { ServerError } from "../state/server.ts";
import { askHello, hello, helloFailure } from "../state/study.ts";
import { Bar } from "../ui/badge.tsx";
import { Empty } from "../ui/empty.tsx";

/** Every study of this folder or database. */
export function StudiesView() {
  useEffect(() => {
    void askHello();
    const timer = setInterval(() => void askHello(), 5000);
    return () => clearInterval(timer);
  }, []);
  const studies = hello.value?.studies;
  if (!studies)
    return helloFailure.value ? (
      <Empty title={helloFailure.value instanceof ServerError ? "The server refuses" : "The server does not answer"}>
        {helloFailure.value.message}
      </Empty>
    ) : (
      <p class="loading">Loading…</p>
    );
  if (studies.length === 0)
    return (
      <Empty title="No study was run here yet">
        Begin with <code>carryover run quickstart</code>
      </Empty>
    );
  return (
    <div class="studies-view">
      {studies.map(({ name, trials, finished, running }) => (
        <a class="card study-card" key={name} href={hrefOf(name, "study")}>
          <h2>{name}</h2>
          <Bar share={trials > 0 ? finished / trials : 0} label={`${name}: trials done`} />
          <p class="soft">
            {finished} of {trials} trials done{running ? " · running" : ""}
          </p>
        </a>
      ))}
    </div>
  );
}
