/** Parses JSON from the network, of which nothing is validated yet. */

/** The fields of an object, of any type. */
export type Fields = Readonly<Record<string, unknown>>;

/** A message, or the reason why the text is none. `id`: that of the request, if it is valid. */
export type Parsed<Message> =
  | { readonly message: Message }
  | { readonly problem: string; readonly id?: string | number };

/** Parses a JSON object. @returns Undefined for any other text. */
export function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Fields : undefined;
  } catch {
    return undefined;
  }
}
