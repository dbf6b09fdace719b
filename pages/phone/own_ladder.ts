/** The phone's own message ladder, from its trace. No DOM. */

import { contentOf } from "../../lib/trace/json_lines.ts";
import type { LadderMessage, Party } from "../../lib/trace/ladder.ts";
import type { PageEvent, Welcome } from "../../lib/web_phone/page_messages.ts";

/** The messages of the trace, between this phone, its registry and other phones. */
export function ladderOf(events: readonly PageEvent[], { name, people }: Welcome): LadderMessage[] {
  const own: Party = { name, ip: "", port: 0 };
  const names = new Map((people ?? []).map(({ name, ip, port }) => [`${ip} ${port}`, name]));
  const calls = new Map<string, string>();
  const sent = new Map<string, number>();
  return events.flatMap(({ number, time, event }) => {
    if (event.event !== "message") return [];
    const { direction, transport, peer, text } = event;
    const content = contentOf(text);
    const fields = typeof content === "object" && content !== null ? content as Record<string, unknown> : {};
    const call = typeof fields.chamada === "string" ? fields.chamada : undefined;
    const type = typeof fields.tipo === "string" ? fields.tipo : "";
    // A caller has a port of its own for each call, which its invitation names.
    const told = direction === "received" ? fields.nome : fields.destino;
    if (call !== undefined && type === "convite" && typeof told === "string") calls.set(call, told);
    const known = names.get(`${peer.ip} ${peer.port}`) ?? (call === undefined ? undefined : calls.get(call));
    const other: Party = transport === "TCP"
      ? { registry: true, ...peer }
      : { ...peer, ...(known === undefined ? {} : { name: known }) };
    const key = `${direction} ${peer.ip} ${peer.port} ${text}`;
    const transmission = transport === "TCP" ? 1 : (sent.get(key) ?? 0) + 1;
    sent.set(key, transmission);
    const message: LadderMessage = {
      number,
      at: Date.parse(time),
      transport,
      from: direction === "sent" ? own : other,
      to: direction === "sent" ? other : own,
      type,
      text,
      bytes: new TextEncoder().encode(text).length,
      ...(call === undefined ? {} : { call }),
      transmission,
      fate: direction === "received" ? "received" : "unknown",
    };
    return [message];
  });
}
