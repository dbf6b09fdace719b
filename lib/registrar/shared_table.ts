/** The port behind which several registries share a table; `cluster/` implements it. */

import type { Person } from "../protocol/registry_messages.ts";
import type { Session } from "./session.ts";
import type { RegistryTable } from "./table.ts";

/** Why a session loses its name. */
export type RevokeReason =
  /** Another registry has the name. */
  | "superseded"
  /** This registry was cut off from the others for too long. */
  | "fenced";

/** What a shared table asks of its registry. */
export interface TableHolder {
  handleClaim(session: Session, result: "granted" | "taken"): void;
  /** Another registry has somebody who wants the session's name: see {@linkcode SharedTable.contested}. */
  handleContest(session: Session): void;
  handleRevoked(session: Session, reason: RevokeReason): void;
  /** The operator of another registry has removed who has a name. */
  handleRemoval(name: string): void;
}

/** A table that several registries share. */
export interface SharedTable {
  /** This registry's copy of it. */
  readonly table: RegistryTable;
  /** Where answers go. To be called once, before anything else. */
  attach(holder: TableHolder): void;
  /** A session wants a name. The answer is `handleClaim`, unless {@linkcode SharedTable.release} comes first. */
  claim(session: Session, person: Person): void;
  /** A session no longer wants the name that it has or asked for. */
  release(session: Session): void;
  /** The end of a contest: whether the session still has its name. */
  contested(session: Session, kept: boolean): void;
  /** The operator removes who has a name: tells the other registries, as far as they can be reached. */
  remove(name: string): void;
  /** To be called before a line is taken: after a pause, this registry may have to let its phones go. */
  checkLease(): void;
}
