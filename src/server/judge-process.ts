import { json } from "node:stream/consumers";
import { type Evidence, judgeRows } from "./judge-rows.ts";

/** The entry of a process that judges rows: evidence on its standard input, verdicts on its standard output. */
process.stdout.write(JSON.stringify(judgeRows((await json(process.stdin)) as Evidence)));
