/** A union of objects that a field tells apart, as a table by that field. */

/** The member of a union whose `Tag` is `Key`. */
type Member<Union, Tag extends string, Key> = Union extends { readonly [T in Tag]: infer Keys }
  ? Key extends Keys ? Union : never
  : never;

/**
 * What there is to say about each member of a union, as it is or made from the member. The compiler refuses a table in
 * which a member is missing, and one that has another.
 */
export type Table<Union extends { readonly [T in Tag]: string }, Tag extends string, Result = string> = {
  readonly [Key in Union[Tag]]: Result | ((member: Member<Union, Tag, Key>) => Result);
};

/** What a table says about a member of its union. */
export function fromTable<
  Tag extends string,
  Union extends { readonly [T in Tag]: string },
  Result extends string,
>(table: Table<Union, Tag, Result>, tag: Tag, member: Union): Result {
  // The compiler does not see that the entry of a member's tag takes that member.
  const entry = table[member[tag]] as Result | ((member: Union) => Result);
  return typeof entry === "function" ? entry(member) : entry;
}
