export { exportStudy } from "./export-study.ts";
export { importStudy } from "./import-study.ts";
export { rebuildStore } from "./recovery.ts";
export type { Database, Sql } from "./sql.ts";
export { openStore, type RowClaim, type Store, type StoreOptions } from "./store.ts";
export { knownStudy, newestStudies } from "./studies.ts";
