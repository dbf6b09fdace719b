/** How much of the tests to run: a person waits for `make test`, and nobody for `.ci/run`. */

/** Whether to run the tests that `make test` leaves out so that nobody waits for them, too; `.ci/run` says so. */
export const EVERYTHING: boolean = Deno.env.get("SALA_TEST") === "everything";

/** `all` under {@linkcode EVERYTHING}, otherwise `some`: of seeds, of runs, of situations that differ in degree. */
export function unlessHurried<Amount>(all: Amount, some: Amount): Amount {
  return EVERYTHING ? all : some;
}
