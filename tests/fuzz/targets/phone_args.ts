/** The phone's command line. */

import { assert, assertEquals } from "@std/assert";
import { parsePhoneOptions } from "../../../lib/cli/phone_args.ts";
import { sentence } from "../../../lib/ui/sentences.ts";
import { PHONE_TEXTS } from "../../../lib/ui/texts/texts.ts";
import { isIpAddress, isPort } from "../../../lib/protocol/address.ts";
import { isName } from "../../../lib/protocol/name.ts";
import { printable } from "../../../lib/protocol/printable.ts";
import { type FuzzTarget, textSeeds } from "../fuzz_target.ts";

const decoder = new TextDecoder();

/** Arguments have line feeds between them. Whatever they are, they are options that can be used or a sentence. */
export const phoneOptions: FuzzTarget = {
  name: "phone_args",
  seeds: textSeeds(
    "192.168.0.10\nmaria\n6000",
    "[2001:db8::1]:5001\njoão\n0\n--call\nMaria da Silva\n--answer=accept\n--hang-up-after\n2.5",
    "sala.local\nana\n--mic\ntone\n--speaker=a.wav\n--frame=10\n--no-fec\n--no-gain\n--ip\n::1\n--lang\nen",
    "--devices\n--json\n--quiet",
    "-h",
    "::1\n007\n--no-echo-cancel\n--no-noise-reduction",
  ),
  tokens: ["\n", "\n--", "\n--call\n", "\n--frame=", "--mic", "\n-q", "--no-", "=true", "1e3", "0x10"],
  maxBytes: 400,
  run(input) {
    const args = decoder.decode(input).split("\n");
    const parsed = parsePhoneOptions(args);
    const came = "options" in parsed
      ? "options"
      : "devices" in parsed
      ? "devices"
      : "help" in parsed
      ? "help"
      : "";
    if ("problem" in parsed) {
      for (const texts of Object.values(PHONE_TEXTS)) {
        const { text } = sentence({ event: "wrong_usage", problem: parsed.problem }, texts);
        assertEquals(printable(text), text);
        assert(text.length > 10);
      }
      return { events: 1, came: JSON.stringify(parsed.problem).slice(0, 40) };
    }
    if ("options" in parsed) {
      const { registries, name, port, call, hangUpAfter, ip } = parsed.options;
      assert(registries.length > 0 && isName(name));
      for (const place of registries) assert(/^[^\s,/]+$/.test(place.host) && isPort(place.port));
      assert(port === 0 || isPort(port));
      assert(call === undefined || isName(call));
      if (typeof hangUpAfter === "number") assert(hangUpAfter > 0 && hangUpAfter * 1000 < 2 ** 31);
      assert(ip === undefined || isIpAddress(ip));
    }
    return { events: 1, came };
  },
};
