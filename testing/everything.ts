/** How much of the tests to run: a person waits for `make test`, and nobody for `.ci/run`. */

/** Whether to run the tests that `make test` leaves out so that nobody waits for them, too; `.ci/run` says so. */
export const EVERYTHING: boolean = Deno.env.get("SALA_TEST") === "everything";

/** `all` under {@linkcode EVERYTHING}, otherwise `some`: how many seeds, or runs. */
export function moreOrLess(all: number, some: number): number {
  return EVERYTHING ? all : some;
}

/** All situations of a kind under {@linkcode EVERYTHING}, otherwise one in `count` of them, the first. */
export function oneIn<Situation>(count: number, all: readonly Situation[]): readonly Situation[] {
  return EVERYTHING ? all : all.filter((_, index) => index % count === 0);
}
