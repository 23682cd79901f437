import { type Report, reportMarkdown, reportPage } from "../base/index.ts";
import { claimsTables } from "./claims-tables.ts";
import type { Judgement } from "./judge.ts";

const reportOf = (judgement: Judgement, study: string): Report => ({
  title: `The paper's claims on ${study}`,
  tables: claimsTables(judgement),
});

/** The judgement as GitHub Markdown. */
export const claimsMarkdown = (judgement: Judgement, study: string): string =>
  reportMarkdown(reportOf(judgement, study));

/** The judgement as a page of its own, that needs nothing else. */
export const claimsPage = (judgement: Judgement, study: string): string =>
  reportPage(reportOf(judgement, study), "claims");
