export { openStore, type SavedStudy, type Store } from "./store.ts";
