/** Tables of texts by the tag of a discriminated union. */

/** The member of a union whose `Tag` is `Key`. */
type Member<Union, Tag extends string, Key> = Union extends { readonly [T in Tag]: infer Keys }
  ? Key extends Keys ? Union : never
  : never;

/**
 * One result for each member of a union, constant or a function of the member. A missing or surplus member is a type error.
 */
export type Table<Union extends { readonly [T in Tag]: string }, Tag extends string, Result = string> = {
  readonly [Key in Union[Tag]]: Result | ((member: Member<Union, Tag, Key>) => Result);
};

/** The result of a table for a member of its union. */
export function fromTable<
  Tag extends string,
  Union extends { readonly [T in Tag]: string },
  Result extends string,
>(table: Table<Union, Tag, Result>, tag: Tag, member: Union): Result {
  // The compiler cannot relate the entry to the member.
  const entry = table[member[tag]] as Result | ((member: Union) => Result);
  return typeof entry === "function" ? entry(member) : entry;
}
