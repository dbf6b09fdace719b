/**
 * A phone's screen without a phone, for `terminal_screen_test.ts`: shows the events that the test sends over a socket,
 * and sends back the typed lines.
 *
 * Usage: `terminal_driver.ts PORT LANGUAGE NAME [crash]`
 */

import type { LiveStatus, PhoneEvent } from "../lib/events/phone_events.ts";
import { isLanguage } from "../lib/ui/texts/language.ts";
import { openScreen } from "../lib/ui/open_screen.ts";

/** From the test to the driver, one JSON object a line. */
export type DriverOrder =
  | { readonly show: readonly PhoneEvent[] }
  | { readonly status: LiveStatus | null }
  | { readonly names: readonly string[] }
  | { readonly crash: true };

/** From the driver to the test, one JSON object a line. */
export type DriverReport = { readonly typed: string } | { readonly ended: true };

async function obey(connection: Deno.TcpConn, screen: ReturnType<typeof openScreen>): Promise<void> {
  let text = "";
  let names: readonly string[] = [];
  screen.onNamesWanted(() => screen.names(names));
  for await (const chunk of connection.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const order = JSON.parse(line) as DriverOrder;
      if ("show" in order) { for (const event of order.show) screen.show(event); }
      if ("status" in order) screen.status(order.status ?? undefined);
      if ("names" in order) names = order.names;
      if ("crash" in order) Deno.exit(1);
    }
  }
}

if (import.meta.main) {
  const [port, language, name] = Deno.args;
  if (!isLanguage(language)) throw new Error("LANGUAGE is pt or en");
  const connection = await Deno.connect({ port: Number(port) });
  const report = (what: DriverReport): Promise<number> =>
    connection.write(new TextEncoder().encode(`${JSON.stringify(what)}\n`));
  {
    await using screen = openScreen({
      ...{ json: false, quiet: false, showPings: false, plain: false, language },
      ...(name ? { name } : {}),
    });
    obey(connection, screen);
    for await (const typed of screen.lines) {
      await report({ typed });
      if (typed === "sair") break;
    }
    screen.show({ event: "closed" });
  }
  await report({ ended: true });
  Deno.exit(0);
}
