/** The phone's own message ladder, from its trace. No DOM. */

import { contentOf } from "../../lib/trace/json_lines.ts";
import type { LadderMessage, Party } from "../../lib/trace/ladder.ts";
import type { PageEvent, Welcome } from "../../lib/web_phone/page_messages.ts";

/** What a message says, which never changes. */
interface Content {
  readonly type: string;
  readonly call: string | undefined;
  /** Whom it names: the caller, or who is called. */
  readonly nome: unknown;
  readonly destino: unknown;
  readonly bytes: number;
}

/** Each message is parsed once, although every further one makes a new ladder. */
const parsed = new WeakMap<PageEvent, Content>();

/** The lifeline of this phone. */
export function ownParty(name: string): Party {
  return { name, ip: "", port: 0 };
}

/** The messages of the trace, between this phone, its registry and other phones. */
export function ladderOf(events: readonly PageEvent[], { name, people }: Welcome): LadderMessage[] {
  const own = ownParty(name);
  const names = new Map((people ?? []).map(({ name, ip, port }) => [`${ip} ${port}`, name]));
  const calls = new Map<string, string>();
  const sent = new Map<string, number>();
  return events.flatMap((message) => {
    const { number, time, event } = message;
    if (event.event !== "message") return [];
    const { direction, transport, peer, text } = event;
    const { type, call, nome, destino, bytes } = contentFor(message, text);
    // A caller has a port of its own for each call, which its invitation names.
    const told = direction === "received" ? nome : destino;
    if (call !== undefined && type === "convite" && typeof told === "string") calls.set(call, told);
    const known = names.get(`${peer.ip} ${peer.port}`) ?? (call === undefined ? undefined : calls.get(call));
    const other: Party = transport === "TCP"
      ? { registry: true, ...peer }
      : { ...peer, ...(known === undefined ? {} : { name: known }) };
    const key = `${direction} ${peer.ip} ${peer.port} ${text}`;
    const transmission = transport === "TCP" ? 1 : (sent.get(key) ?? 0) + 1;
    sent.set(key, transmission);
    const row: LadderMessage = {
      ...{ number, at: Date.parse(time), transport, type, text, bytes, transmission },
      from: direction === "sent" ? own : other,
      to: direction === "sent" ? other : own,
      ...(call === undefined ? {} : { call }),
      fate: direction === "received" ? "received" : "unknown",
    };
    return [row];
  });
}

function contentFor(message: PageEvent, text: string): Content {
  const known = parsed.get(message);
  if (known) return known;
  const content = contentOf(text);
  const { tipo, chamada, nome, destino } = typeof content === "object" && content !== null
    ? content as Record<string, unknown>
    : {};
  const made: Content = {
    type: typeof tipo === "string" ? tipo : "",
    call: typeof chamada === "string" ? chamada : undefined,
    ...{ nome, destino },
    bytes: new TextEncoder().encode(text).length,
  };
  parsed.set(message, made);
  return made;
}
