/** JSON text from the network, before anything is believed of it. */

/** Fields of an object as they came, of any type. */
export type Fields = Readonly<Record<string, unknown>>;

/** A message, or why the text is none. `id` is the request's own, where it had a proper one. */
export type Parsed<Message> =
  | { readonly message: Message }
  | { readonly problem: string; readonly id?: string | number };

/** The object in a text, or undefined where the text holds anything else. */
export function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Fields : undefined;
  } catch {
    return undefined;
  }
}
