import type { AudioDetail } from "../../audio/audio_io.ts";
import type { AddressProblem } from "../protocol/address.ts";
import type { ConnectFailure } from "../registration/connect_failure.ts";
import type { PhoneFailure } from "./phone_events.ts";
import type { ClusterDetail, ControlDetail, ListenDetail } from "./registry_events.ts";
import type { SecretDetail } from "./usage_problem.ts";

/** Any `detail` of an event. A `kind` means the same in all of them. */
export type Detail =
  | AddressProblem
  | AudioDetail
  | ConnectFailure
  | PhoneFailure
  | ListenDetail
  | ListenDetail["cause"]
  | ClusterDetail
  | ClusterDetail["cause"]
  | SecretDetail
  | ControlDetail;
