import { expect, it } from "vitest";
import { studyView } from "../../src/server/study-view.ts";
import { builtInStudies, expandStudy } from "../../src/studies/index.ts";
import { memorySource } from "./fixture.ts";

it.each(Object.entries(builtInStudies))(
  "the settings of %s can be told apart by what the page says of them",
  (name, study) => {
    const trials = expandStudy(study);
    const { settings } = studyView({ name, description: "", trials, rows: [] }, memorySource(name, trials, [])).data(
      "boot",
    );
    const said = settings.map(({ title, attack, protocol }) => `${title} · ${attack} · ${protocol}`);
    expect(new Set(said).size).toBe(said.length);
  },
);
