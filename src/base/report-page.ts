/** A table of a report, with what a reader must know of it as sentences. */
export interface ReportTable {
  readonly title: string;
  readonly header: readonly string[];
  readonly lines: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

export interface ReportFigure {
  readonly title: string;
  /** The file beside the Markdown. */
  readonly file: string;
  readonly svg: string;
}

export interface Report {
  readonly title: string;
  readonly tables: readonly ReportTable[];
  readonly figures?: readonly ReportFigure[];
}

/** A report as GitHub Markdown; figures are linked. */
export function reportMarkdown({ title, tables, figures = [] }: Report): string {
  const parts = tables.map(({ title, header, lines, notes }) =>
    [
      `## ${title}`,
      [header, header.map(() => "---"), ...lines.map((cells) => cells.map(escapeMarkdown))]
        .map((cells) => `| ${cells.join(" | ")} |`)
        .join("\n"),
      notes.map(escapeMarkdown).join("  \n"),
    ].join("\n\n"),
  );
  const drawn = figures.map(({ title, file }) => `![${escapeMarkdown(title)}](${file})`);
  return `# ${title}\n\n${[...parts, ...drawn].join("\n\n")}\n`;
}

/** The same as a page that needs nothing else: tables in a section of the id, figures within the page, no script. */
export function reportPage({ title, tables, figures = [] }: Report, id: string): string {
  const parts = [
    ...tables.map(tableHtml),
    ...figures.map(({ title, svg }) => `<h2>${escapeHtml(title)}</h2>\n<figure>${svg}</figure>`),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<style>${style}</style></head>
<body><h1>${escapeHtml(title)}</h1>
<section id="${id}">
${parts.join("\n")}
</section>
</body></html>
`;
}

const style =
  "body{font:15px/1.5 Arimo,Arial,sans-serif;color:#222;max-width:75rem;margin:2rem auto;padding:0 1rem}" +
  "table{border-collapse:collapse;margin:1rem 0}th,td{border-bottom:1px solid #ddd;padding:.3rem .6rem;text-align:left;vertical-align:top}" +
  "td.supported,td.ok{color:#00695c;font-weight:bold}td.contradicted,td.failed{color:#b00020;font-weight:bold}" +
  "p{color:#555;max-width:60rem}figure{margin:1rem 0}";

/** Cells that are a verdict and nothing else. */
const verdict = /^(supported|contradicted|undecided|ok|suspect|failed)$/;

function tableHtml({ title, header, lines, notes }: ReportTable): string {
  const row = (tag: "th" | "td", cells: readonly string[]) =>
    `<tr>${cells.map((cell) => `<${tag}${verdict.test(cell) ? ` class="${cell}"` : ""}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  return [
    `<h2>${escapeHtml(title)}</h2>`,
    `<table><thead>${row("th", header)}</thead><tbody>`,
    ...lines.map((cells) => row("td", cells)),
    "</tbody></table>",
    ...notes.map((note) => `<p>${escapeHtml(note)}</p>`),
  ].join("\n");
}

const escapeMarkdown = (text: string) => text.replace(/[\\`*_[\]<>|#]/g, "\\$&");

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (letter) => `&#${letter.codePointAt(0)};`);
