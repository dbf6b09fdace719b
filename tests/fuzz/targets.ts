/** The targets of `make fuzz`. */

import type { FuzzTarget } from "./fuzz_target.ts";
import { call } from "./targets/call.ts";
import { callMessage } from "./targets/call_message.ts";
import { command } from "./targets/command.ts";
import { lineSplitter } from "./targets/line_splitter.ts";
import { opus } from "./targets/opus.ts";
import { operator } from "./targets/operator.ts";
import { parseArguments } from "./targets/parse_args.ts";
import { phoneOptions } from "./targets/phone_args.ts";
import { happyEyeballs } from "./targets/happy_eyeballs.ts";
import { proxyProtocol } from "./targets/proxy_protocol.ts";
import { jitterBuffer } from "./targets/jitter_buffer.ts";
import { redundancy } from "./targets/red.ts";
import { panelHub } from "./targets/panel_hub.ts";
import { registryReply } from "./targets/registry_reply.ts";
import { registryRequest } from "./targets/registry_request.ts";
import { registrySession } from "./targets/registry_session.ts";
import { rtcpSession } from "./targets/rtcp_session.ts";
import { rtcp } from "./targets/rtcp.ts";
import { rtp } from "./targets/rtp.ts";
import { sequence } from "./targets/sequence_unwrapper.ts";
import { shown } from "./targets/shown.ts";
import { callManager } from "./targets/call_manager.ts";
import { terminalLayout } from "./targets/terminal_layout.ts";
import { text } from "./targets/text.ts";
import { voiceReceiver } from "./targets/voice_receiver.ts";
import { wav } from "./targets/wav.ts";

/** The parsers first, then the state machines. */
export const TARGETS: readonly FuzzTarget[] = [
  lineSplitter,
  registryRequest,
  registryReply,
  proxyProtocol,
  operator,
  callMessage,
  text,
  rtp,
  rtcp,
  redundancy,
  sequence,
  wav,
  opus,
  command,
  phoneOptions,
  parseArguments,
  terminalLayout,
  shown,
  registrySession,
  panelHub,
  happyEyeballs,
  call,
  callManager,
  jitterBuffer,
  voiceReceiver,
  rtcpSession,
];
